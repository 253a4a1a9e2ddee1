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
import makers from '${AHEAD}'
const places = new Map([...modules, ...actions].map(({ args }, at) => [args, at]))
const made = []
export const madeAhead = {
  get(schema) {
    const at = places.get(schema)
    return at === undefined ? undefined : (made[at] ??= makers[at]())
  },
}
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

/** CommonJS with a list of functions that make the validator of each module and action when one is needed, in the order of the list. */
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

const make = standalone.default ?? standalone
const makers = [...modules, ...actions].map(({ args }) => {
  const ajv = createArgumentAjv({ code: { source: true } })
  return \`() => { const module = { exports: {} }; \${make(ajv, ajv.compile(args))}; return module.exports }\`
})
export const code = \`module.exports = [\${makers.join(',')}]\`
`
