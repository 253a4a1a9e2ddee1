import { readFileSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { load } from '../../engine/cli/load.ts'
import { program } from '../../engine/cli/program.ts'
import { files } from '../lab/play.ts'

const page = readFileSync('docs/consul.md', 'utf8')
const ofLanguage = (wanted: string) =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap(([, language, text = '']) =>
    language === wanted ? [text] : [],
  )

const exampleWith = (first: string) => ofLanguage('yaml').find((text) => text.startsWith(`${first}\n`)) ?? ''

test('the inventory and the playbook of docs/consul.md are right', async () => {
  const [hosts = '', site = ''] = [exampleWith('all:'), exampleWith('- name: The log level of Consul')]
  using at = files({ 'hosts.yml': hosts, 'site.yml': site })
  symlinkSync(`${process.cwd()}/playbooks/roles`, at.path('roles'))
  const { playbooks } = await load([at.path('site.yml')], { inventory: [at.path('hosts.yml')] }, 'run')
  expect(playbooks.map(({ warnings }) => warnings)).toEqual([[]])
  // Tags of one's own leave nothing out that the handlers need.
  const [tagged] = (await load([at.path('site.yml')], { inventory: [at.path('hosts.yml')], tags: ['mine'] }, 'run'))
    .playbooks
  expect(tagged?.playbook.plays[0]?.steps.map(({ name }) => name)).toEqual([
    'The cluster is well',
    'What a client does when it is stopped',
  ])
  expect(playbooks[0]?.playbook.plays[0]?.handlers.map(({ handler }) => handler)).toContain('roll consul servers')
})

test('its jobs call lockstep with flags that it has, on playbooks that are there', () => {
  const { script } = parse(exampleWith('consul-restart:'))['consul-restart']
  const units = ofLanguage('ini')
  const [unit = '', timer = ''] = units
  expect(timer).toContain('OnCalendar=')
  const flags = program()
    .commands.find((command) => command.name() === 'run')
    ?.options.flatMap(({ short, long }) => [short, long])
  const calls = [script, unit, ...ofLanguage('sh')].flatMap((text: string) => text.match(/run playbooks\/.*/g) ?? [])
  expect(calls.length).toBeGreaterThan(4)
  for (const call of calls) {
    const [playbook = ''] = /playbooks\/\S+/.exec(call) ?? []
    expect(() => readFileSync(playbook), call).not.toThrow()
    const used = [...call.replace(/#.*/, '').matchAll(/(?<=\s)--?[a-z][\w-]*/g)].map(([flag]) => flag)
    expect(
      used.filter((flag) => !flags?.includes(flag) && flag !== '--check'),
      call,
    ).toEqual([])
  }
})
