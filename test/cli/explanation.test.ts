import { describe, expect, test } from 'vitest'
import { explanation } from '../../engine/cli/explanation.ts'
import { extraVars } from '../../engine/cli/extra-vars.ts'
import { load } from '../../engine/cli/load.ts'
import { commandLineDefinitions } from '../../engine/language/variables.ts'
import { folderWith } from '../language/folder.ts'

const folder = folderWith({
  'hosts.yml': 'web: { hosts: { web1: { port: 2222 }, web2: {} }, vars: { port: 443 } }\ndb: { hosts: { db1: } }\n',
  'group_vars/all.yml': 'port: 22\n',
  'host_vars/web1.yml': 'color: "own"\n',
  'roles/web/defaults/main.yml': 'port: 80\nsize: 1\ncolor: grey\n',
  'roles/web/vars/main.yml': 'shape: round\n',
  'roles/web/tasks/main.yml': '- file: { path: "/srv/{{ port }}", state: directory }\n',
  'site.yml': `- name: P
  hosts: web
  vars: { color: red, size: '{{ port }}' }
  roles: [{ role: web, vars: { shape: square } }]
  tasks:
    - name: B
      vars: { color: blue }
      block:
        - name: T
          debug: '{{ color }}'
          vars: { color: green }
        - debug: '{{ color }}'
`,
})

async function explain(
  variable: string,
  host: string,
  given: string[] = [],
  playbooks = [`${folder}/site.yml`],
): Promise<string> {
  const { playbooks: found, inventory } = await load(
    playbooks,
    { inventory: [`${folder}/hosts.yml`], extraVars: given },
    'run',
  )
  const plays = found.flatMap(({ playbook }) => playbook.plays)
  const commandLine = commandLineDefinitions(extraVars(given))
  return explanation(variable, host, { plays, inventory: found[0]?.inventory ?? inventory, commandLine })
    .replaceAll(`${folder}/`, '')
    .replace(/(?<=\S) {2,}/g, '  ')
}

describe('explain', () => {
  test('shows each level from role default to host, and the one that wins', async () => {
    expect(await explain('port', 'web1')).toBe(`\
port for web1, from the lowest level to the highest
  role default web  roles/web/defaults/main.yml:1  80
  group all  group_vars/all.yml:1  22
  group web  hosts.yml:1  443
  host web1  hosts.yml:1  2222  wins
`)
  })

  test('shows the command line above all', async () => {
    expect(await explain('port', 'web2', ['port=1'])).toBe(`\
port for web2, from the lowest level to the highest
  role default web  roles/web/defaults/main.yml:1  80
  group all  group_vars/all.yml:1  22
  group web  hosts.yml:1  443
  command line -e  command line  1  wins
`)
  })

  test('shows play, block and task, and in how many tasks each of them wins', async () => {
    expect(await explain('color', 'web1')).toBe(`\
color for web1, from the lowest level to the highest
  role default web  roles/web/defaults/main.yml:3  "grey"
  host web1  host_vars/web1.yml:1  "own"
  play P  site.yml:3  "red"  wins in 1 of 3 tasks
  block B  site.yml:7  "blue"  wins in 1 of 3 tasks
  task T  site.yml:11  "green"  wins in 1 of 3 tasks
`)
  })

  test('shows that what a role is given wins over what it says itself', async () => {
    expect(await explain('shape', 'web1')).toBe(`\
shape for web1, from the lowest level to the highest
  role web  roles/web/vars/main.yml:1  "round"
  role web  site.yml:4  "square"  wins in 1 of 3 tasks
`)
  })

  test('shows a template as it is written', async () => {
    expect(await explain('size', 'web2')).toContain("  play P  site.yml:3  '{{ port }}'  wins\n")
  })

  test('shows what inventory and command line say when there is no playbook', async () => {
    expect(await explain('port', 'web2', [], [])).toBe(`\
port for web2, from the lowest level to the highest
  group all  group_vars/all.yml:1  22
  group web  hosts.yml:1  443  wins
`)
  })

  test('shows nothing of plays that the host is not in', async () => {
    expect(await explain('color', 'db1')).toBe("nothing gives 'color' a value for db1\n")
  })

  test('knows no host of another name', async () => {
    await expect(explain('port', 'web3')).rejects.toThrow("the inventory has no host 'web3'")
  })
})
