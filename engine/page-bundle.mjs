import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** What a browser needs of a script or style, as one text without imports. ASCII, so that its bytes are what is hashed. */
export async function pageBundle(path) {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: [path],
    outdir: 'none',
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'ascii',
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  })
  const [{ text }] = outputFiles
  return text
}

/** Whether an import asks for the bundle of a file in place of the file: `import text from './main.ts?bundle'`. */
export const bundleQuery = /\?bundle$/
