import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { octal, quote, sh } from '../../engine/resource/command.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { temporaryFolder } from '../execution/harness.ts'
import fc from '../property.ts'
import { describeShells } from '../shells.ts'

const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]

describeShells(
  SHELLS,
  (shell) => shell,
  (shell) => {
    const [program = '', ...options] = shell
    const run = (script: string) => spawnSync(program, [...options, '-s'], { input: script })

    test('takes every quoted word as exactly that word', () => {
      const unit = fc.oneof(
        fc.integer({ min: 1, max: 255 }).map((code) => String.fromCodePoint(code)),
        fc.constantFrom(
          "'",
          '\\',
          '\n',
          '\r',
          '$(id)',
          '`id`',
          '"',
          '!',
          '-',
          '--',
          '=',
          '~',
          '\u007f',
          '\u009b',
          '💥',
        ),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((text) => text !== '\0'),
      )
      // All that text can be: what is no UTF-8 has no name in a playbook, and content of any bytes goes over stdin.
      const word = fc.string({ unit, maxLength: 40 })
      fc.assert(
        fc.property(word, fc.array(word, { maxLength: 3 }), (one, several) => {
          const { stdout } = run(sh`printf '[%s]' ${one} ${several}`.text)
          expect(stdout.toString('utf8')).toBe([one, ...several].map((text) => `[${text}]`).join(''))
        }),
        { numRuns: 40 },
      )
    })

    test('feeds content of any bytes to a command', () => {
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256))
      expect(run(sh.input(sh`cat`, bytes).text).stdout).toEqual(bytes)
      expect(run(sh.input(sh`wc -c`, '').text).stdout.toString().trim()).toBe('0')
    })

    test('writes a file whole, with its mode, through no link', async () => {
      await using at = await temporaryFolder()
      writeFileSync(`${at.path}/elsewhere`, 'mine')
      symlinkSync(`${at.path}/elsewhere`, `${at.path}/f`)
      expect(run(sh.write(`${at.path}/f`, 'new\n', { mode: 0o640 }).text).status).toBe(0)
      expect(readFileSync(`${at.path}/f`, 'utf8')).toBe('new\n')
      expect(octal(statSync(`${at.path}/f`).mode & 0o7777)).toBe('0640')
      expect(readFileSync(`${at.path}/elsewhere`, 'utf8')).toBe('mine')
      run(sh.write(`${at.path}/f`, 'newer').text)
      expect(octal(statSync(`${at.path}/f`).mode & 0o7777)).toBe('0640')
      expect(readdirSync(at.path).sort()).toEqual(['elsewhere', 'f'])
    })

    test('removes what a lost power left of an earlier try', async () => {
      await using at = await temporaryFolder()
      const write = sh.write(`${at.path}/f`, 'new\n').text
      const left = /t=(\S+);/.exec(write)?.[1] ?? ''
      writeFileSync(left, 'half')
      expect(run(write).status).toBe(0)
      expect(readdirSync(at.path)).toEqual(['f'])
      expect(readFileSync(`${at.path}/f`, 'utf8')).toBe('new\n')
    })

    test('sets the bits that writing takes away', async () => {
      await using at = await temporaryFolder()
      expect(run(sh.write(`${at.path}/f`, 'new\n', { mode: 0o4755 }).text).status).toBe(0)
      expect(octal(statSync(`${at.path}/f`).mode & 0o7777)).toBe('4755')
    })

    test('keeps the old file, and leaves nothing, when the new one does not validate', async () => {
      await using at = await temporaryFolder()
      writeFileSync(`${at.path}/f`, 'old')
      const { status, stderr } = run(
        sh.write(`${at.path}/f`, 'new', { validate: 'grep -q old %s || { echo not old; false; }' }).text,
      )
      expect({ status, words: stderr.toString() }).toEqual({ status: 1, words: 'not old\n' })
      expect(readFileSync(`${at.path}/f`, 'utf8')).toBe('old')
      expect(readdirSync(at.path)).toEqual(['f'])
    })

    test('says so when the disk is full, keeps the old file and does not run the new one', async () => {
      await using at = await temporaryFolder()
      writeFileSync(`${at.path}/f`, 'old')
      const script = `echo owned >${at.path}/owned\n`.repeat(5000)
      const { status, stderr } = run(`ulimit -f 16; trap '' XFSZ; ${sh.write(`${at.path}/f`, script).text}; exit $?`)
      expect(status).not.toBe(0)
      expect(stderr.toString()).toBe(`lockstep: ${at.path}/f could not be written: File too large\n`)
      expect(readFileSync(`${at.path}/f`, 'utf8')).toBe('old')
      expect(readdirSync(at.path)).toEqual(['f'])
    })

    test('stops a chain at the first command that fails', () => {
      const { status, stdout } = run(sh.all([sh`echo one`, sh`exit 3`, sh`echo three`]).text)
      expect({ status, stdout: stdout.toString() }).toEqual({ status: 3, stdout: 'one\n' })
    })
  },
)

describe('a secret', () => {
  test('stands in no command, and is noted by the one that it is fed to', () => {
    const secret = new Secret('pa$$word')
    expect(() => sh`echo ${secret as unknown as string}`).toThrow('a secret goes through stdin')
    expect(sh.input(sh`cat`, secret).secrets).toEqual(['pa$$word'])
    expect(sh.all([sh`:`, sh.input(sh`cat`, secret)]).secrets).toEqual(['pa$$word'])
    expect(sh.write('/x', secret).text).not.toContain('pa$$word')
  })

  test('shows in no text, JSON or inspection', () => {
    const secret = new Secret('hidden')
    expect(`${secret} ${JSON.stringify({ secret })}`).toBe('‹secret› {"secret":"‹secret›"}')
  })
})

test('a word cannot hold a NUL', () => {
  expect(() => quote('a\0b')).toThrow('NUL')
  expect(quote('')).toBe("''")
  expect(execFileSync('sh', ['-c', `printf %s ${quote("it's")}`]).toString()).toBe("it's")
})
