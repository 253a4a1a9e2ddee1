import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { explanation } from '../../engine/cli/explanation.ts'
import { load } from '../../engine/cli/load.ts'

const folder = mkdtempSync(join(tmpdir(), 'explanation-'))
const playbook = join(folder, 'site.yml')
mkdirSync(join(folder, 'roles/web/defaults'), { recursive: true })
mkdirSync(join(folder, 'roles/web/tasks'), { recursive: true })
mkdirSync(join(folder, 'group_vars'))
writeFileSync(join(folder, 'hosts.yml'), 'all: { hosts: { web1: { port: 2222 }, web2: {} } }\n')
writeFileSync(join(folder, 'group_vars/all.yml'), 'port: 22\n')
writeFileSync(join(folder, 'roles/web/defaults/main.yml'), 'port: 80\n')
writeFileSync(join(folder, 'roles/web/tasks/main.yml'), '- file: { path: "/srv/{{ port }}", state: directory }\n')
writeFileSync(playbook, '- hosts: all\n  vars: { color: red }\n  roles: [web]\n')
afterAll(() => rmSync(folder, { recursive: true }))

async function explain(variable: string, host: string, extraVars: string[] = []): Promise<string> {
  const flags = { inventory: [join(folder, 'hosts.yml')], extraVars }
  const { playbooks, vars } = await load([playbook], flags, 'run')
  const [compiled] = playbooks
  if (!compiled) throw new Error('nothing was compiled')
  const plays = compiled.playbook.plays
  return explanation({ variable, host, inventory: compiled.inventory, plays, vars })
    .replaceAll(folder, '.')
    .replace(/(?<=\S) {2,}/g, '  ')
}

describe('explain', () => {
  test('shows every place that gives a value, the winner last', async () => {
    expect(await explain('port', 'web1', ['port=1'])).toBe(`\
port for web1; the lowest line wins where it holds
  role default web  ./roles/web/defaults/main.yml:1  80
  group all  ./group_vars/all.yml:1  22
  host web1  ./hosts.yml:1  2222
  command line -e  command line  1
`)
  })

  test('shows what a play says', async () => {
    expect(await explain('color', 'web2')).toMatch(/^ {2}play .* {2}\.\/site\.yml:2 {2}"red"$/m)
  })

  test('says that there is nothing', async () => {
    expect(await explain('colour', 'web2')).toBe("nothing gives 'colour' a value for web2\n")
  })

  test('knows no host of another name', async () => {
    await expect(explain('port', 'web3')).rejects.toThrow("the inventory has no host 'web3'")
  })
})
