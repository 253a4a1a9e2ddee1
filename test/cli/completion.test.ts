import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { offered } from '../../engine/cli/completion.ts'
import { program } from '../../engine/cli/program.ts'
import { inFolder } from './in-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'completion-'))

beforeAll(() => {
  writeFileSync(
    join(folder, 'hosts.yml'),
    'all: { children: { web: { hosts: { web1: {}, web2: {} } }, db: { hosts: { db1: {} } } } }\n',
  )
  writeFileSync(
    join(folder, 'site.yml'),
    '- hosts: web\n  tasks:\n    - { debug: { msg: x }, tags: [packages, firewall] }\n',
  )
  writeFileSync(join(folder, 'broken.yml'), '- hosts: [\n')
  writeFileSync(join(folder, 'notes.txt'), '')
  mkdirSync(join(folder, 'playbooks'))
  writeFileSync(join(folder, 'playbooks', 'edge.yaml'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The kind of what is offered for the last of the words, and the words. */
async function offers(...words: string[]): Promise<[string, ...string[]]> {
  const text = await inFolder(folder, () => offered('fish', program(), words))
  const [kind = '', ...lines] = text.trimEnd().split('\n')
  return [kind, ...lines.map((line) => line.split('\t')[0] ?? '')]
}

describe('what is offered', () => {
  test.each<[string[], string, string[]]>([
    [['ch'], 'words', ['check']],
    [['check', '--lim'], 'words', ['--limit']],
    [['--skip'], 'words', ['--skip-tags']],
    [['check', 'site.yml', '-i', 'hosts.yml', '--skip'], 'words', ['--skip-tags']],
    [['lab', 'fr'], 'words', ['freeze']],
    [['lab', 'up', '--inv'], 'words', ['--inventory']],
    [['list', 'up'], 'words', []],
    [['list', 't'], 'words', ['tasks', 'tags']],
    [['completion', ''], 'words', ['bash', 'zsh', 'fish']],
    [['check', '--become-method', 's'], 'words', ['sudo', 'su']],
    [['check', '--become-method=s'], 'words', ['--become-method=sudo', '--become-method=su']],
    [['doc', 'sysc'], 'words', ['sysctl']],
    [['check', ''], 'playbooks', ['broken.yml', 'hosts.yml', 'playbooks/', 'site.yml']],
    [['s'], 'words', ['schema', 'secrets', 'site.yml']],
    [['check', 'site.yml', 'playbooks/'], 'playbooks', ['playbooks/edge.yaml']],
    [['check', '-i', 'h'], 'files', ['hosts.yml']],
    [['check', '--inventory=n'], 'files', ['--inventory=notes.txt']],
    [['check', '-vi', 'hosts.yml', '--limit', ''], 'words', ['all', 'db', 'web', 'web1', 'web2', 'db1']],
    [['check', '-ihosts.yml', '-l', 'web:!w'], 'words', ['web:!web', 'web:!web1', 'web:!web2']],
    [['exec', '-i', 'hosts.yml', 'd'], 'words', ['db', 'db1']],
    [['exec', '-i', 'hosts.yml', 'db1', '-'], 'words', []],
    [['inventory', '-i', 'hosts.yml', '--host', 'w'], 'words', ['web1', 'web2']],
    [['check', '-i', 'hosts.yml', 'site.yml', '--tags', ''], 'words', ['firewall', 'packages']],
    [['-i', 'hosts.yml', 'site.yml', '--tags', 'x,p'], 'words', ['x,packages']],
    [['check', '-i', 'hosts.yml', 'broken.yml', '--tags', ''], 'words', []],
    [['check', '-i', 'none.yml', '--limit', ''], 'words', []],
    [['check', 'none/'], 'playbooks', []],
    [['check', '--forks', ''], 'words', []],
    [['check', '--', '--lim'], 'playbooks', []],
  ])('after %j', async (words, kind, found) => {
    const [gotKind, ...got] = await offers(...words)
    expect({ kind: gotKind, found: got }).toEqual({ kind, found })
  })

  test('says what commands and flags are for', async () => {
    expect(await offered('fish', program(), ['valid'])).toBe(
      'words\nvalidate\tfinds the mistakes in playbooks and inventory; contacts no host\n',
    )
  })

  test('goes on from where bash breaks words', async () => {
    const last = (...words: string[]) => inFolder(folder, () => offered('bash', program(), words))
    expect(await last('check', '-i', 'hosts.yml', '--limit', 'web', ':', 'd')).toBe('words\ndb\ndb1\n')
    expect(await last('check', '-i', 'hosts.yml', '--limit', '=', 'd')).toBe('words\ndb\ndb1\n')
    expect(await last('check', '-i', 'hosts.yml', '--limit', 'web', ':')).toContain('\nall\n')
  })
})
