// `npm run bench`: puts the bench together and starts it in the network of a lab of its own. Words go to the bench, see `--help`.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const home = fileURLToPath(new URL('..', import.meta.url))
// Beside the packages, which it finds from there.
const outfile = join(home, 'node_modules', `.lockstep-bench-${process.pid}.mjs`)
const environment = { ...process.env, LOCKSTEP_LAB: process.env.LOCKSTEP_LAB ?? 'bench', LOCKSTEP_HOME: home }
const lockstep = [process.execPath, join(home, 'dist/lockstep.js')]

try {
  await build({
    absWorkingDir: home,
    entryPoints: ['bench/bench.ts'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: 'node20.19',
    logLevel: 'warning',
  })
  start([process.execPath, join(home, 'engine/build.mjs')])
  start([...lockstep, 'lab', 'prepare', 'bookworm'])
  start([...lockstep, 'lab', 'enter', '--', process.execPath, outfile, ...process.argv.slice(2)])
} finally {
  rmSync(outfile, { force: true })
}

function start([program, ...words]) {
  if (process.exitCode) return
  const { status, error } = spawnSync(program, words, { cwd: home, env: environment, stdio: 'inherit' })
  if (error) throw error
  process.exitCode = status ?? 1
}
