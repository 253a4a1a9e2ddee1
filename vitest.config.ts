import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import { bundleQuery, pageBundle } from './engine/page-bundle.mjs'

/** Files for the browser are in the command line as text, in tests as in the build; the mark keeps Vite's hands off their kind. */
const forBrowsers = {
  name: 'for-browsers',
  enforce: 'pre' as const,
  resolveId(path: string, importer: string | undefined) {
    if (!bundleQuery.test(path) || importer === undefined) return undefined
    return `\0${resolve(dirname(importer), path.replace(bundleQuery, ''))}!bundle`
  },
  async load(id: string) {
    if (!id.endsWith('!bundle')) return undefined
    return `export default ${JSON.stringify(await pageBundle(id.slice(1, -'!bundle'.length)))}`
  },
}

/** Patience for `expect.poll`, whose own is a second. */
const poll = { timeout: 60_000, interval: 100 }

/** Runs on this machine with its own lock, debts and guards, of which there is one each. */
const alone = [
  'test/execution/run.test.ts',
  'test/execution/locks-and-debts.test.ts',
  'test/execution/guarding.test.ts',
  'test/cli/plans-and-runs.test.ts',
]

/** Tests on lab hosts: files take turns. */
function lab(test: { name: string; include: string[]; exclude?: string[]; isolate?: boolean }) {
  const shared = { fileParallelism: false, testTimeout: 300_000, hookTimeout: 300_000, expect: { poll } }
  return { plugins: [forBrowsers], test: { ...shared, ...test } }
}

/** `fast` and `alone` need nothing but Node and a few tools; `browser` a Chromium; `lab` boots real hosts as root, so its files take turns, and `bench` measures on such hosts when it is asked to. Limits are for what hangs. */
export default defineConfig({
  test: {
    // What tests run is nobody's history.
    env: { LOCKSTEP_HISTORY: 'off' },
    projects: [
      {
        plugins: [forBrowsers],
        test: {
          name: 'fast',
          maxWorkers: availableParallelism(),
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**', 'test/night/**', 'test/browser/**', ...alone],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll },
        },
      },
      {
        plugins: [forBrowsers],
        test: {
          name: 'alone',
          include: alone,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll },
        },
      },
      {
        plugins: [forBrowsers],
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        plugins: [forBrowsers],
        test: {
          name: 'night',
          include: ['test/night/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 300_000,
        },
      },
      {
        plugins: [forBrowsers],
        test: { name: 'bench', include: ['bench/**/*.bench.ts'], testTimeout: 600_000, hookTimeout: 300_000 },
      },
      lab({
        name: 'lab',
        include: ['test/lab/**/*.test.ts'],
        exclude: ['test/lab/lab.test.ts'],
        // The engine is loaded once for all files.
        isolate: false,
      }),
      // It has a lab of its own, whose name is read where modules are loaded.
      lab({ name: 'lab-itself', include: ['test/lab/lab.test.ts'] }),
    ],
  },
})
