import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schemaText } from '../../engine/cli/schema.ts'
import { actions, modules } from '../../modules/index.ts'
import { LanguageServer, settings } from './language-server.ts'

const home = fileURLToPath(new URL('../..', import.meta.url))
const role = 'playbooks/roles/mattermost-tunnels'
let server: LanguageServer

beforeAll(async () => {
  server = await LanguageServer.start()
})
afterAll(() => server.stop())

/** Opens a text as a file of this repository that is not there; `‸` is where the cursor stands. */
async function typed(path: string, text: string) {
  const before = text.slice(0, Math.max(0, text.indexOf('‸'))).split('\n')
  const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 }
  const marks = await server.open(home + path, text.replace('‸', ''))
  return { marks, position, path: home + path }
}

const inPlaybook = (text: string) => `# yaml-language-server: $schema=../docs/schema/playbook.json\n${text}`
const inRole = (text: string) => `# yaml-language-server: $schema=../../../../docs/schema/tasks.json\n${text}`
let files = 0
const nextPlaybook = () => `playbooks/typed-${files++}.yml`

async function offered(text: string): Promise<Map<string, string>> {
  const { path, position } = await typed(nextPlaybook(), inPlaybook(text))
  return new Map((await server.complete(path, position)).map(({ label, about }) => [label, about]))
}

describe('docs/schema', () => {
  test.each(['playbook', 'tasks', 'inventory', 'report'] as const)(
    'has the schema %s that the code gives',
    async (what) => {
      expect(readFileSync(`${home}docs/schema/${what}.json`, 'utf8')).toBe(await schemaText(what))
    },
  )

  test('is what docs/editors.md tells to set up', () => {
    const blocks = [...readFileSync(`${home}docs/editors.md`, 'utf8').matchAll(/^```json\n([\s\S]*?)^```/gm)]
    const told = Object.assign({}, ...blocks.map((block) => JSON.parse(block[1] ?? '')))
    expect(told['yaml.customTags']).toEqual(settings.yaml.customTags)
  })
})

describe('an editor', () => {
  test.each([
    'playbooks/mattermost-tunnels.yml',
    'playbooks/mattermost-lab.yml',
    'inventories/mattermost-lab.yml',
    ...['main', 'firewall', 'guide', 'identities', 'supervised'].map((name) => `${role}/tasks/${name}.yml`),
    `${role}/handlers/main.yml`,
  ])('finds %s right, and knows its schema', async (file) => {
    const text = readFileSync(home + file, 'utf8')
    expect(text).toMatch(/^# yaml-language-server: \$schema=\S+\n/)
    expect(await server.open(home + file)).toEqual([])
    const key = /^( *(?:- )?)(hosts|all|name):/m.exec(text)
    const line = text.slice(0, key?.index).split('\n').length - 1
    expect(await server.hover(home + file, { line, character: key?.[1]?.length ?? 0 })).toContain('Source: [')
  })

  test('finds the example of the README right', async () => {
    const [, site = ''] = [...readFileSync(`${home}README.md`, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(
      (match) => match[1],
    )
    expect(site).toMatch(/^# yaml-language-server: \$schema=docs\/schema\/playbook.json\n/)
    expect((await typed('site.yml', site)).marks).toEqual([])
    expect((await typed('site2.yml', site.replace('enabled', 'enabeld'))).marks).toHaveLength(1)
  })

  test.each([
    ['a misspelt argument', '    - file: { path: /x, onwer: root }', 'Property onwer is not allowed.', 'onwer'],
    ['a misspelt keyword', '    - { meta: end_host, wen: a }', 'Property wen is not allowed.', 'wen'],
    ['a misspelt module', '    - sysctll: { name: a.b, value: 1 }', 'Property sysctll is not allowed.', 'sysctll'],
    ['a missing argument', '    - sysctl: { name: a.b }', 'Missing property "value".', 'sysctl'],
    [
      'a wrong value',
      '    - group: { name: x, state: gone }',
      'Value is not accepted. Valid values: "present", "absent".',
      'gone',
    ],
    [
      'permission bits without quotes',
      '    - file: { path: /x, mode: 644 }',
      expect.stringContaining('Incorrect type'),
      '644',
    ],
  ])('marks %s once, at its line', async (_title, task, message, text) => {
    const { marks } = await typed(nextPlaybook(), inPlaybook(`- hosts: all\n  tasks:\n${task}\n    - meta: end_play\n`))
    expect(marks).toEqual([{ line: 4, message, text }])
  })

  test('takes templates and expressions for values of any type', async () => {
    const tasks = `- hosts: all
  serial: '{{ size }}'
  tasks:
    - file: { path: !cel "'/x'", mode: !cel mode, state: '{{ state }}', recurse: !cel "1 > 0" }
      become: !cel x
      loop: !cel groups.web
    - wait-for: { port: !cel port, timeout: '{{ limit }}' }
      environment: !cel env
`
    expect((await typed(nextPlaybook(), inPlaybook(tasks))).marks).toEqual([])
  })

  test('marks mistakes in the tasks of a role', async () => {
    const { marks } = await typed(`${role}/tasks/typed.yml`, inRole('- name: x\n  file: { path: /x, onwer: root }\n'))
    expect(marks).toEqual([{ line: 3, message: 'Property onwer is not allowed.', text: 'onwer' }])
  })

  test('marks a group in an inventory that has what no group has', async () => {
    const text = '# yaml-language-server: $schema=../docs/schema/inventory.json\nall:\n  host: { web1: }\n'
    const { marks } = await typed('inventories/typed.yml', text)
    expect(marks).toEqual([{ line: 3, message: 'Property host is not allowed.', text: 'host' }])
  })

  test('offers the keywords of a play with what they are for', async () => {
    const found = await offered('- hosts: all\n  ‸\n')
    expect(found.get('serial')).toContain('Hosts of a batch')
    for (const word of ['tasks', 'handlers', 'roles', 'become', 'vars', 'order'])
      expect([...found.keys()]).toContain(word)
  })

  test('offers the keywords of a task and every module and action', async () => {
    const found = await offered('- hosts: all\n  tasks:\n    - ‸\n')
    for (const { name, summary } of [...modules, ...actions]) expect(found.get(name)).toContain(summary.slice(0, 20))
    for (const word of ['when', 'notify', 'loop', 'block', 'register']) expect([...found.keys()]).toContain(word)
  })

  test('offers the arguments of a module, and the values of one', async () => {
    const found = await offered('- hosts: all\n  tasks:\n    - file:\n        ‸\n')
    expect(found.get('path')).toContain('Path on the host.')
    expect([...found.keys()]).toEqual(expect.arrayContaining(['state', 'owner', 'group', 'mode', 'recurse']))
    expect([...(await offered('- hosts: all\n  tasks:\n    - file:\n        state: ‸\n')).keys()]).toEqual(
      expect.arrayContaining(['file', 'directory', 'link', 'absent', 'touch']),
    )
  })

  test('shows what a module, an argument and a keyword are for', async () => {
    const about = async (text: string) => {
      const { path, position } = await typed(nextPlaybook(), inPlaybook(`- hosts: all\n  tasks:\n${text}`))
      return await server.hover(path, position)
    }
    expect(await about('    - sys‸ctl: { name: a.b, value: 1 }\n')).toContain(
      'A kernel parameter, in the running kernel',
    )
    expect(await about('    - sysctl: { name: a.b, val‸ue: 1 }\n')).toContain('Wanted value')
    expect(await about('    - meta: end_host\n      wh‸en: x\n')).toContain('Expressions that must all be true.')
  })
})
