// node engine/build.mjs [FOLDER]: builds into dist unless told otherwise.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'
import { validatorsAhead } from './build-validators.mjs'
import { bundleQuery, pageBundle } from './page-bundle.mjs'

const home = fileURLToPath(new URL('..', import.meta.url))
const ENTRY = 'engine/cli/main.ts'

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
 * Bundles the command line, split so that a command loads only what it needs. Pieces are named after their content and the entry
 * is put in place last: a Lockstep that is running while this builds still finds its own pieces.
 */
async function buildInto(directory) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: home,
    entryPoints: [ENTRY],
    entryNames: 'part-[hash]',
    outdir: directory,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    target: 'node20.19',
    chunkNames: 'part-[hash]',
    external: ['cpu-features', '*.node'],
    plugins: [forBrowsers, await validatorsAhead(home)],
    // Of Handlebars its parser is used, and nothing else of it is loaded.
    alias: { handlebars: './node_modules/handlebars/dist/cjs/handlebars/compiler/base.js' },
    legalComments: 'none',
    write: false,
    metafile: true,
    logLevel: 'warning',
  })
  await mkdir(directory, { recursive: true })
  for (const { path, text } of outputFiles) await place(path, await asCommonJs(text))
  const names = outputFiles.map(({ path }) => basename(path))
  const [main] = Object.keys(metafile.outputs).filter((path) => metafile.outputs[path].entryPoint === ENTRY)
  const entry = await readFile(join(home, 'engine/entry.cjs'), 'utf8')
  await place(join(directory, 'package.json'), '{ "type": "commonjs" }\n')
  await place(join(directory, 'lockstep.js'), entry.replaceAll('part-main.js', basename(main)))
  await dropStaleParts(directory, new Set(names.flatMap((name) => [name, `${name}.v8`])))
  await makeCaches(directory, names)
}

/** V8 keeps what it has made of a script, and not of a module of the newer kind. */
async function asCommonJs(text) {
  // With `import()` itself V8 would ask who shall bring the module.
  const supported = { 'dynamic-import': false }
  return (await transform(text, { format: 'cjs', platform: 'node', target: 'node20.19', supported })).code
}

/** In a process of its own, which ends with all that it has loaded. */
async function makeCaches(directory, names) {
  const argv = [join(home, 'engine/build-cache.cjs'), directory, ...names]
  const env = { ...process.env, LOCKSTEP_HISTORY: 'off' }
  const [code] = await once(spawn(process.execPath, argv, { env, stdio: ['ignore', 'ignore', 'inherit'] }), 'exit')
  if (code !== 0) throw new Error(`engine/build-cache.cjs ended with ${code}`)
}

async function place(path, contents) {
  const draft = `${path}.${process.pid}`
  await writeFile(draft, contents)
  await rename(draft, path)
}

async function dropStaleParts(directory, current) {
  const dayAgo = Date.now() - 24 * 3600 * 1000
  for (const name of await readdir(directory)) {
    if (current.has(name) || !name.startsWith('part-')) continue
    const path = join(directory, name)
    if ((await stat(path)).mtimeMs < dayAgo) await rm(path, { force: true })
  }
}

// esbuild has printed what is wrong; its stack says nothing more.
await buildInto(resolve(process.argv[2] ?? join(home, 'dist'))).catch((error) => {
  if (!Array.isArray(error.errors)) throw error
  process.exitCode = 1
})
