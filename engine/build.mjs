// node engine/build.mjs [FOLDER]: builds into dist unless told otherwise.
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { validatorsAhead } from './build-validators.mjs'
import { bundleQuery, pageBundle } from './page-bundle.mjs'

const home = fileURLToPath(new URL('..', import.meta.url))

/** ssh2 is CommonJS at heart and asks for these three. */
const banner = `import { createRequire as __createRequire } from 'node:module'
import { fileURLToPath as __fileURLToPath } from 'node:url'
const require = __createRequire(import.meta.url)
const __filename = __fileURLToPath(import.meta.url)
const __dirname = __fileURLToPath(new URL('.', import.meta.url))`

/** Files for the browser are in the command line as text. */
const forBrowsers = {
  name: 'for-browsers',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: bundleQuery }, ({ path, importer }) => ({
      path: resolve(dirname(importer), path.replace(bundleQuery, '')),
      namespace: 'browser',
    }))
    onLoad({ filter: /./, namespace: 'browser' }, async ({ path }) => ({
      contents: await pageBundle(path),
      loader: 'text',
    }))
  },
}

/**
 * Bundles the command line into lockstep.js, split so that a command loads only what it needs. Pieces are named after their
 * content and the entry is put in place last: a Lockstep that is running while this builds still finds its own pieces.
 */
async function buildInto(directory) {
  const { outputFiles } = await build({
    absWorkingDir: home,
    entryPoints: { lockstep: 'engine/cli/main.ts' },
    outdir: directory,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    target: 'node20.19',
    chunkNames: 'part-[hash]',
    banner: { js: banner },
    external: ['cpu-features', '*.node'],
    plugins: [forBrowsers, await validatorsAhead(home)],
    // Of Handlebars its parser is used, and nothing else of it is loaded.
    alias: { handlebars: './node_modules/handlebars/dist/cjs/handlebars/compiler/base.js' },
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  })
  await mkdir(directory, { recursive: true })
  const isPart = ({ path }) => basename(path).startsWith('part-')
  const ordered = [...outputFiles.filter(isPart), ...outputFiles.filter((file) => !isPart(file))]
  for (const { path, contents } of ordered) await place(path, contents)
  await dropStaleParts(directory, new Set(ordered.map(({ path }) => basename(path))))
}

async function place(path, contents) {
  const draft = `${path}.${process.pid}`
  await writeFile(draft, contents)
  await rename(draft, path)
}

async function dropStaleParts(directory, current) {
  const dayAgo = Date.now() - 24 * 3600 * 1000
  for (const name of await readdir(directory)) {
    if (current.has(name)) continue
    const path = join(directory, name)
    if ((await stat(path)).mtimeMs < dayAgo) await rm(path, { force: true })
  }
}

// esbuild has printed what is wrong; its stack says nothing more.
await buildInto(resolve(process.argv[2] ?? join(home, 'dist'))).catch((error) => {
  if (!Array.isArray(error.errors)) throw error
  process.exitCode = 1
})
