import { defineConfig } from 'vitest/config'

/** Patience for `expect.poll`, whose own is a second. */
const poll = { timeout: 60_000, interval: 100 }

/** `fast` needs nothing but Node and a few tools; `lab` boots real hosts as root, so its files take turns. Limits are for what hangs. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/lab/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll },
        },
      },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          expect: { poll },
        },
      },
    ],
  },
})
