import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODE_PATTERN, modeOf } from '../../engine/resource/mode.ts'

const SYMBOLIC = [
  'u=rwX,go=rX',
  'u+x',
  'a-w',
  'go=',
  '+x',
  '+w',
  '-r',
  '=r',
  '=',
  '+t',
  'u+s',
  'g+s',
  'u-s,g-s',
  'ug=rw,o=r',
  'g=u',
  'o=g-w',
  'u=g+x',
  'a+X',
  'a=rX',
  '+s',
  '=s',
  'u=rws',
  'o+t,g-s',
  'a=',
  'ugo=rwxst',
]
const STARTS = [0, 0o644, 0o600, 0o755, 0o711, 0o444, 0o1777, 0o2755, 0o4755, 0o6711, 0o7777]

describe('a symbolic mode gives what chmod gives', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mode-'))
  const paths = { file: join(folder, 'file'), directory: join(folder, 'directory') }
  let umask: number

  beforeAll(() => {
    umask = process.umask(0o022)
    writeFileSync(paths.file, '')
    mkdirSync(paths.directory)
  })
  afterAll(() => {
    process.umask(umask)
    rmSync(folder, { recursive: true })
  })

  test.each(SYMBOLIC)('%s', (mode) => {
    for (const type of ['file', 'directory'] as const) {
      for (const start of STARTS) {
        chmodSync(paths[type], start)
        execFileSync('chmod', ['--', mode, paths[type]], { stdio: ['ignore', 'ignore', 'ignore'] })
        const real = statSync(paths[type]).mode & 0o7777
        const ours = modeOf(mode, { mode: start, directory: type === 'directory' })
        expect(`${type} ${start.toString(8)} ${mode} ${ours.toString(8)}`).toBe(
          `${type} ${start.toString(8)} ${mode} ${real.toString(8)}`,
        )
      }
    }
  })
})

test.each([
  ['0644', 0o644],
  ['644', 0o644],
  ['0750', 0o750],
  ['1777', 0o1777],
  ['0000', 0],
])('octal %s names all bits, whatever was there', (mode, bits) => {
  expect(modeOf(mode)).toBe(bits)
  expect(modeOf(mode, { mode: 0o7777, directory: true })).toBe(bits)
})

test('a symbolic mode of something new starts from 0644, or 0755 for a directory', () => {
  expect(modeOf('o=')).toBe(0o640)
  expect(modeOf('o=', { directory: true })).toBe(0o750)
})

test.each(['0644', '644', '1777', 'u=rwX,go=rX', '+x', 'a=', 'g=u', 'u=r+x-w', '='])('%s is a mode', (mode) => {
  expect(mode).toMatch(new RegExp(MODE_PATTERN))
})

test.each(['', '64', '0o644', '00644', '0888', 'rwx', 'u', 'u=rz', 'x=r', 'u=rg', '0644 ', 'u=r,', 'u=r;id'])(
  '"%s" is no mode',
  (mode) => {
    expect(mode).not.toMatch(new RegExp(MODE_PATTERN))
  },
)
