import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Command } from '../../engine/resource/command.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { command } from '../../modules/command.ts'
import { script } from '../../modules/script.ts'
import { shell } from '../../modules/shell.ts'
import { describeShells } from '../shells.ts'

const folder = mkdtempSync(join(tmpdir(), 'running-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** As a step of a round runs it: evaluated by the shell of the session, with nothing on its input. */
function ended(commands: Command | readonly Command[] | undefined, by: readonly string[] = ['dash']) {
  const text = [commands].flat()[0]?.text ?? ''
  const [program = '', ...words] = by
  const { status, stdout, stderr } = spawnSync(program, [...words, '-s'], {
    input: `( eval "$(cat <<'END_OF_TEXT'\n${text}\nEND_OF_TEXT\n)" ) </dev/null\n`,
    cwd: '/',
  })
  return { code: status ?? -1, stdout, stderr }
}

const SHELLS = [['dash'], ['bash'], ['busybox', 'sh']]

describeShells(
  SHELLS,
  (shell) => `in a session of ${shell}`,
  (shells) => {
    test.each([
      ['its output and exit code are the result', { cmd: 'echo out; exit 3' }, { rc: 3, stdout: 'out' }],
      ['it has nothing on its input', { cmd: 'cat; echo end' }, { rc: 0, stdout: 'end' }],
      ['it has the text that it is given on its input', { cmd: 'cat', stdin: 'a\nb\n' }, { rc: 0, stdout: 'a\nb' }],
      ['empty text is empty input', { cmd: 'cat; echo end', stdin: '' }, { rc: 0, stdout: 'end' }],
      ['a here-document needs no line break at its end', { cmd: 'cat <<X\nhi\nX' }, { rc: 0, stdout: 'hi' }],
      ['quotes and dollars are its own', { cmd: `echo 'a"b' "$((1+1))" \`echo c\`` }, { rc: 0, stdout: 'a"b 2 c' }],
      ['a syntax error is its failure', { cmd: 'if then' }, { rc: 2, stdout: '' }],
      [
        'what it starts does not get its text',
        { cmd: 'sh -c "cat <&3" 2>/dev/null; echo end' },
        { rc: 0, stdout: 'end' },
      ],
      ['it stops where it asks to', { cmd: 'set -e; false; echo no' }, { rc: 1, stdout: '' }],
      [
        'bash is there on request',
        { cmd: '[[ a == a ]] && echo yes', executable: '/bin/bash' },
        { rc: 0, stdout: 'yes' },
      ],
      ['it runs in its folder', { cmd: 'pwd', chdir: folder }, { rc: 0, stdout: folder }],
    ])('shell: %s', (_, args, result) => {
      expect(shell.conclude?.(args, ended(shell.run?.(args), shells)).result).toMatchObject(result)
    })

    test('shell: a secret is in no process list', () => {
      const args = { cmd: 'ps axww -o args; echo word: $(printf %s o)pen', stdin: new Secret('sesame') }
      const { stdout } = ended(shell.run?.(args), shells)
      expect(stdout.toString()).toContain('word: open')
      expect(stdout.toString()).not.toMatch(/ps axww -o args; echo|sesame|c2VzYW1l/)
    })

    test.each([
      ['words are taken as they are', { cmd: "printf '<%s>' 'a  b' $HOME" }, { rc: 0, stdout: '<a  b><$HOME>' }],
      ['a list is taken as it is', { argv: ['printf', '<%s>', '', "it's", '*'] }, { rc: 0, stdout: "<><it's><*>" }],
      ['a program that is missing ends with 127', { cmd: 'no-such-program' }, { rc: 127, stdout: '' }],
      ['input reaches it', { cmd: 'cat', stdin: 'x' }, { rc: 0, stdout: 'x' }],
    ])('command: %s', (_, args, result) => {
      expect(command.conclude?.(args, ended(command.run?.(args), shells)).result).toMatchObject(result)
    })

    test.each([
      ['#!/bin/sh\necho "$0: $*"; cat\n', { args: ['a b', 'c'], stdin: 'in' }, '/dev/fd/3: a b c\nin'],
      ['#!/bin/sh -u\necho x$nothing\n', {}, ''],
      ['#!/usr/bin/env perl\nprint "@ARGV\\n"\n', { args: ['x'] }, 'x'],
      ['echo no first line', { executable: '/bin/sh' }, 'no first line'],
    ])('script: %j runs by its interpreter', (text, args, stdout) => {
      const wanted = { src: { path: 'x', content: Buffer.from(text) }, ...args }
      expect(script.conclude?.(wanted, ended(script.run?.(wanted), shells)).result.stdout).toBe(stdout)
    })
  },
)

test('a script leaves nothing behind, not even on its way', () => {
  writeFileSync(join(folder, 'seen'), '')
  const content = new Secret(`#!/bin/sh\nls -l /proc/$$/fd/ >'${folder}/seen'\n`)
  ended(script.run?.({ src: { path: 'x', content } }))
  expect(readFileSync(join(folder, 'seen'), 'utf8')).toMatch(/3 -> pipe:/)
})

test('a script of which nothing says what runs it is refused', () => {
  const src = { path: 'program', content: Buffer.from([0x7f, 0x45, 0x4c, 0x46]) }
  expect(script.decide({ src }, {})).toMatchObject({ due: false, failure: 'nothing says what runs program' })
})

test('a line that only a shell could read is refused', () => {
  expect(command.decide({ cmd: 'ls | wc' }, {})).toEqual({
    due: false,
    failure: '| means something to a shell, and there is none',
    hint: 'use `shell`, or put quotes around it',
  })
})

test.each([
  [1, 'false ended with exit code 1', undefined],
  [127, 'false ended with exit code 127', 'the host has no such program: is it installed, and in the PATH?'],
  [137, 'false was ended by signal 9', undefined],
])('exit code %d is told as %j', (code, failure, hint) => {
  const outcome = { code, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
  const concluded = command.conclude?.({ cmd: 'false' }, outcome)
  expect(concluded?.failure).toBe(failure.replace('false', '`false`'))
  expect(concluded?.hint).toBe(hint)
})
