import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, transform } from 'esbuild'

const AHEAD = 'validators-made-ahead'

/**
 * A plugin of esbuild that makes the validators of all modules and actions now, and leaves ajv to be loaded by who brings a
 * schema of another kind: a role with inputs.
 */
export async function validatorsAhead(home) {
  const code = await validatorCode(home)
  const replacement = `
import { actions, modules } from './modules/index.ts'
import validators from '${AHEAD}'
export const madeAhead = new Map([...modules, ...actions].map(({ args }, at) => [args, validators['v' + at]]))
export const createAjv = (options) => new (require('ajv').Ajv)(options)
`
  return {
    name: AHEAD,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^${AHEAD}$`) }, () => ({ path: AHEAD, namespace: AHEAD }))
      onLoad({ filter: /./, namespace: AHEAD }, () => ({ contents: code, resolveDir: home, loader: 'js' }))
      onLoad({ filter: /engine\/language\/validators\.ts$/ }, () => ({
        contents: replacement,
        resolveDir: home,
        loader: 'js',
      }))
    },
  }
}

/** CommonJS with a function `v0`, `v1`, … for each module and action, in the order of the list. */
async function validatorCode(home) {
  // Beside the packages, which it finds from there.
  const outfile = join(home, 'node_modules', `.lockstep-build-${process.pid}.mjs`)
  try {
    await build({
      absWorkingDir: home,
      stdin: { contents: entry, resolveDir: home, loader: 'ts' },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      target: 'node20.19',
      logLevel: 'warning',
    })
    const { code } = await import(pathToFileURL(outfile).href)
    return (await transform(code, { minify: true })).code
  } finally {
    await rm(outfile, { force: true })
  }
}

const entry = `
import standalone from 'ajv/dist/standalone/index.js'
import { createArgumentAjv } from './engine/language/argument-schema.ts'
import { actions, modules } from './modules/index.ts'

const ajv = createArgumentAjv({ code: { source: true } })
const all = [...modules, ...actions].map(({ args }, at) => [\`v\${at}\`, args])
for (const [name, schema] of all) ajv.addSchema(schema, name)
const make = standalone.default ?? standalone
export const code = make(ajv, Object.fromEntries(all.map(([name]) => [name, name])))
`
