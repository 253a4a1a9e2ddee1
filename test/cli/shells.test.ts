import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Screen } from '../report/screen.ts'
import { hasProgram } from '../shells.ts'
import { builtProgram } from './built-program.ts'

const folder = mkdtempSync(join(tmpdir(), 'shells-'))
const bin = builtProgram()
const env = { ...process.env, PATH: `${bin.folder}:${process.env.PATH}`, TERM: 'xterm', HOME: folder }

beforeAll(() => {
  writeFileSync(join(folder, 'hosts.yml'), 'all: { children: { db: { hosts: { north: {}, south: {} } } } }\n')
  writeFileSync(join(folder, 'site.yml'), '- hosts: all\n  tasks:\n    - { debug: { msg: x }, tags: [firewall] }\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('bash', () => {
  /** What bash itself would offer for the last of the words. */
  function offers(...words: string[]): string[] {
    const typed = words.map((word) => `'${word}'`).join(' ')
    const script = `eval "$(lockstep completion bash)"
COMP_WORDS=(lockstep ${typed}); COMP_CWORD=${words.length}; _lockstep; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { encoding: 'utf8', cwd: folder, env }).split('\n').filter(Boolean)
  }

  test('completes commands, flags, playbooks, hosts and tags', () => {
    expect(offers('valid')).toEqual(['validate'])
    expect(offers('check', '--skip')).toEqual(['--skip-tags'])
    expect(offers('check', 'si')).toEqual(['site.yml'])
    expect(offers('check', '-i', 'hosts.yml', '--limit', 'south', ':', 'nor')).toEqual(['north'])
    expect(offers('check', '-i', 'hosts.yml', 'site.yml', '--tags', '')).toEqual(['firewall'])
    expect(offers('check', '-i', 'none.yml', '--limit', '')).toEqual([])
  })
})

describe.skipIf(!hasProgram('fish'))('fish', () => {
  function offers(line: string): string[] {
    const script = `lockstep completion fish | source; complete -C "${line}"`
    return execFileSync('fish', ['--no-config', '-c', script], { cwd: folder, env, encoding: 'utf8' }).split('\n')
  }

  test('completes commands, flags, playbooks, hosts and tags, and says what they are for', () => {
    expect(offers('lockstep valid')).toContain(
      'validate\tfinds the mistakes in playbooks and inventory; contacts no host',
    )
    expect(offers('lockstep check --skip')).toEqual(['--skip-tags\tno tasks with these tags', ''])
    expect(offers('lockstep check si')).toEqual(['site.yml', ''])
    expect(offers('lockstep check -i hosts.yml --limit nor')).toEqual(['north', ''])
    expect(offers('lockstep check -i hosts.yml site.yml --tags ')).toEqual(['firewall', ''])
  })
})

describe.skipIf(!hasProgram('zsh'))('zsh', () => {
  test('completes commands, flags, playbooks, hosts and tags', async () => {
    const setUp = `autoload -U compinit && compinit -u; source <(lockstep completion zsh); PS1='ready> '`
    writeFileSync(join(folder, '.zshrc'), `${setUp}\n`)
    const child = spawn('script', ['-qfc', 'stty cols 80 rows 24; exec zsh -i', '/dev/null'], {
      cwd: folder,
      env: { ...env, ZDOTDIR: folder },
    })
    const screen = new Screen(80, 24, { lineEnds: false })
    child.stdout.on('data', (chunk: Buffer) => screen.write(chunk))
    const ended = once(child, 'exit')
    const isShown = (text: string) => screen.until((lines) => lines.at(-1)?.trimEnd() === text)
    await isShown('ready>')
    for (const [typed, done] of completions) {
      child.stdin.write(`${typed}\t`)
      await isShown(`ready> ${done}`)
      // Ctrl-U takes the line away.
      child.stdin.write('\u0015')
      await isShown('ready>')
    }
    child.stdin.write('exit\n')
    await ended
  })
})

const completions = [
  ['lockstep valid', 'lockstep validate'],
  ['lockstep check --skip', 'lockstep check --skip-tags'],
  ['lockstep check si', 'lockstep check site.yml'],
  ['lockstep check -i hosts.yml --limit nor', 'lockstep check -i hosts.yml --limit north'],
  ['lockstep check -i hosts.yml site.yml --tags fi', 'lockstep check -i hosts.yml site.yml --tags firewall'],
] as const
