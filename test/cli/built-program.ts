import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** A folder in which `lockstep` is the program, built from these sources for the tests around it. */
export function builtProgram(): { folder: string; entry: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-built-'))
  const entry = join(folder, 'dist', 'lockstep.js')
  beforeAll(() => {
    execFileSync(process.execPath, ['engine/build.mjs', join(folder, 'dist')], { stdio: 'inherit' })
    writeFileSync(join(folder, 'lockstep'), `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`, { mode: 0o755 })
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true }))
  return { folder, entry }
}
