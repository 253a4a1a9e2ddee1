import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseCel } from '../../engine/language/cel.ts'
import { selectHosts } from '../../engine/language/host-pattern.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import { matches } from '../../engine/language/regex.ts'
import { SourceText } from '../../engine/language/source-text.ts'
import { parseTemplate } from '../../engine/language/template.ts'
import { parseYaml } from '../../engine/language/yaml.ts'
import type { Problem } from '../../engine/problem.ts'
import { damaged, isForUsers, neverBreaks } from '../fuzz.ts'
import fc from '../property.ts'
import { folderWith } from './folder.ts'
import { compiled, compileIn, HOSTS, playOf, runtimeWith, said } from './stand-ins.ts'

const PLAYBOOK = `- name: a play
  hosts: web:&all
  vars: { port: 80, names: [a, b], deep: { er: { est: 'x' } } }
  tasks:
    - name: says {{inventory_hostname}}
      say: { msg: "{{port}} {{join names ', '}} {{#each names}}{{this}}{{/each}}" }
      when: port > 1 && size(names) == 2
      loop: !cel "names.map(n, n + 'x')"
      register: saying
      notify: again
    - block:
        - thing: { path: /etc/x, mode: "0644", size: 1 }
      rescue:
        - say: { msg: !cel "deep.er.est.matches('^x+$')" }
      tags: [one]
  handlers:
    - name: again
      say: { msg: "{{hostvars.w1.n}}" }
`
const YAML_TOKENS = [
  '{{',
  '}}',
  '{',
  '}',
  '[',
  ']',
  '- ',
  ': ',
  '&a',
  '*a',
  '!cel ',
  '!foo ',
  '|\n',
  '>-\n',
  '"',
  "'",
  '<<: ',
  '#',
  '0644',
  '~',
  '---',
  '? ',
  '%YAML 1.1\n',
]
const INI = `[web]
w[1:3].example.com n=1 ansible_host=10.0.0.1
plain  colour="light blue"

[all:children]
web

[web:vars]
port = 80
`
const NAMES = {
  hosts: new Map(['w1', 'w2', 'd1'].map((name) => [name, {}])),
  groups: new Map([
    ['web', ['w1', 'w2']],
    ['all', ['w1', 'w2', 'd1']],
  ]),
}

describe('whatever the input, there is a result or a problem with a sentence', () => {
  test('for YAML', () => {
    neverBreaks(damaged([PLAYBOOK, HOSTS], YAML_TOKENS), (text) => {
      const problems: Problem[] = []
      parseYaml(new SourceText('x.yml', text), problems)
    })
  })

  test('for playbooks, which are also evaluated when they are right', () => {
    const folder = folderWith({ 'hosts.yml': HOSTS })
    neverBreaks(damaged([PLAYBOOK], YAML_TOKENS), (text) => {
      writeFileSync(`${folder}/play.yml`, text)
      const compiled = compileIn(folder)
      for (const host of compiled.playbook.plays.flatMap((play) => play.hosts)) said(compiled, host)
    })
  })

  test.each([
    ['hosts.yml', [HOSTS], YAML_TOKENS],
    ['hosts.ini', [INI], ['[', ']', ':', '=', '"', "'", ';', '#', '[1:', ':children', ':vars', '99999999999']],
  ])('for the inventory %s', (name, samples, tokens) => {
    const folder = folderWith({})
    neverBreaks(damaged(samples, tokens), (text) => {
      writeFileSync(`${folder}/${name}`, text)
      const inventory = loadInventory([`${folder}/${name}`])
      for (const host of inventory.hosts.keys()) inventory.variables(host)
    })
  })

  test('for host patterns', () => {
    const tokens = [
      'web',
      'w1',
      '*',
      '?',
      '&',
      '!',
      '~',
      '[0]',
      '[1:',
      '[-1:]',
      ',',
      ':',
      '@',
      '(',
      '\\',
      '/dev/null',
      '/',
    ]
    neverBreaks(damaged(['web:&all:!w1', '~w\\d+,d*', 'web[0:1]', '@/dev/null'], tokens), (pattern) =>
      selectHosts(pattern, NAMES),
    )
  })

  test('for templates', () => {
    const tokens = [
      '{{',
      '}}',
      '{{{',
      '{{#if ',
      '{{/if}}',
      '{{#each ',
      '{{else}}',
      '{{>x}}',
      '{{&',
      '~',
      '(',
      ')',
      '"',
      '@index',
      '../',
      '.[0]',
      '|',
      '{{!--',
    ]
    neverBreaks(
      damaged(['a {{b.c}} {{#each d}}{{this}}{{/each}} {{join e ", "}}', '{{#if x}}y{{else}}z{{/if}}'], tokens),
      (text) => parseTemplate(text, { isFile: true }),
    )
  })

  test('for expressions', () => {
    const tokens = [
      '(',
      ')',
      '[',
      ']',
      '&&',
      '||',
      '!',
      '.',
      '?',
      ':',
      "'",
      '"',
      'in',
      '==',
      '1e999',
      '0x',
      '.matches(',
      '.map(',
      '{',
      '}',
      '\\',
    ]
    neverBreaks(
      damaged(["a.b.filter(x, x > 1).map(y, y + 'z') == ['q'] && has(c.d)", "size(x) > 3 ? 'a' : b[0]"], tokens),
      (text) => parseCel(text),
    )
  })

  test.each([
    ['expressions', (depth: number) => parseCel(`${'('.repeat(depth)}1${')'.repeat(depth)}`)],
    ['negations', (depth: number) => parseCel(`${'!'.repeat(depth)}true`)],
    [
      'templates',
      (depth: number) => parseTemplate(`${'{{#if a}}'.repeat(depth)}${'{{/if}}'.repeat(depth)}`, { isFile: true }),
    ],
    ['chains of conditions', (depth: number) => parseTemplate(`{{#if a}}${'{{else if b}}'.repeat(depth)}{{/if}}`)],
    ['calls in templates', (depth: number) => parseTemplate(`{{${'(upper '.repeat(depth)}a${')'.repeat(depth)}}}`)],
  ])('for %s of any depth', (_title, work) => {
    for (const depth of [10, 99, 1000, 20_000]) neverBreaks(fc.constant(depth), work, 1)
  })

  test.each(['[', '- ', '{a: ', '? ', '[}'])('for YAML that goes on with %j', (text) => {
    for (const depth of [10, 99, 1000, 20_000]) {
      const problems: Problem[] = []
      parseYaml(new SourceText('x.yml', text.repeat(depth)), problems)
      if (depth > 100) expect(problems.every(isForUsers)).toBe(true)
    }
  })
})

test('no regular expression takes long, whatever its text', () => {
  expect(matches('a'.repeat(50_000), '^(a+)+$')).toBe(true)
  expect(matches(`${'a'.repeat(50_000)}!`, '^(a|a)*$')).toBe(false)
})

test.each(['web[1:99999999999]', 'web[1:100000][1:100000]', '[1:9]'.repeat(9)])('too many hosts: %s', (range) => {
  const folder = folderWith({ 'hosts.ini': `[web]\n${range}\n` })
  expect(() => loadInventory([`${folder}/hosts.ini`])).toThrow('is no range of hosts')
})

test('twenty thousand keys are read at once, and one that stands twice is found', () => {
  const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join('')
  const problems: Problem[] = []
  parseYaml(new SourceText('x.yml', `${keys}k7: 2\n`), problems)
  expect(problems.map(({ message }) => message)).toEqual(["the key 'k7' stands twice in this mapping"])
})

test('a pattern that is no regular expression is a problem', () => {
  expect(() => selectHosts('~web(', NAMES)).toThrow("'web(' is no regular expression of RE2")
})

test('a list of hosts that names itself is a problem and no circle', () => {
  const folder = folderWith({ list: 'w1\n' })
  writeFileSync(`${folder}/list`, `w1\n@${folder}/list\n`)
  neverBreaks(fc.constant(`@${folder}/list`), (pattern) => selectHosts(pattern, NAMES))
  expect(() => selectHosts(`@${folder}/list`, NAMES)).toThrow('names itself')
})

test('what a host has said is never evaluated', () => {
  const stdout = '{{colour}} {{cel "1 + 1"}} !cel 1 + 1 $(id)'
  const tasks = `- say: { msg: x }
  register: before
- say: { msg: "{{before.stdout}}" }
- say: { msg: "<{{before.stdout}}>" }
- say: { msg: !cel "before.stdout + '!'" }`
  const playbook = compiled(playOf(tasks))
  const runtime = runtimeWith({ w1: { before: { stdout } } })
  expect(said(playbook, 'w1', runtime)).toEqual(['x', stdout, `<${stdout}>`, `${stdout}!`])
})
