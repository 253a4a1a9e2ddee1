import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { completionFor } from '../../engine/cli/completion.ts'
import { program } from '../../engine/cli/program.ts'

/** What bash would offer for the last of the words. */
function offers(...words: string[]): string[] {
  const typed = words.map((word) => `'${word}'`).join(' ')
  const script = `${completionFor('bash', program())}
COMP_WORDS=(lockstep ${typed}); COMP_CWORD=${words.length}; _lockstep; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

describe('the completion of shells', () => {
  test.each([
    [['ch'], ['check']],
    [['check', '--lim'], ['--limit']],
    [['check', 'site.yml', '--skip'], ['--skip-tags']],
    [['lab', 'fr'], ['freeze']],
    [['lab', 'up', '--inv'], ['--inventory']],
    [['list', 'up'], []],
  ])('offers after %j', (words, found) => expect(offers(...words)).toEqual(found))

  test('is the same for zsh, through its bash emulation', () => {
    expect(completionFor('zsh', program())).toBe(
      `autoload -U +X bashcompinit && bashcompinit\n${completionFor('bash', program())}`,
    )
  })

  test('knows commands, flags and what they are for in fish', () => {
    const lines = completionFor('fish', program()).split('\n')
    expect(lines).toContain(
      "complete -c lockstep -n '__fish_use_subcommand' -a validate -d 'finds the mistakes in playbooks and inventory; contacts no host'",
    )
    expect(lines).toContain(
      "complete -c lockstep -n '__fish_seen_subcommand_from check' -s t -l tags -r -d 'only tasks with these tags'",
    )
  })
})
