import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { load } from '../engine/cli/load.ts'
import { program } from '../engine/cli/program.ts'
import { validateArguments } from '../engine/language/argument-schema.ts'
import { keywords } from '../engine/language/keywords.ts'
import { Problems } from '../engine/problem.ts'
import { FACTS } from '../engine/resource/facts.ts'
import { splitWords } from '../modules/words.ts'

const home = fileURLToPath(new URL('..', import.meta.url))

/** Pages that are made from the code, whose examples are run with the modules. */
const GENERATED = ['docs/modules.md', 'docs/functions.md', 'docs/commands.md']

/** Its examples are for cron, systemd and CI, and have tests of their own. */
const ELSEWHERE = ['docs/audit.md', 'docs/consul.md']

const pages = ['README.md', ...filesBelow('docs')].filter(
  (page) => page.endsWith('.md') && ![...GENERATED, ...ELSEWHERE].includes(page),
)

interface Example {
  page: string
  language: string
  text: string
  line: number
}

const examples = pages.flatMap(examplesOf)
const ofLanguage = (...languages: string[]) =>
  examples
    .filter(({ language }) => languages.includes(language))
    .map((one) => [`${one.page}:${one.line}`, one] as const)

describe('every example of the documentation', () => {
  test('is in a language that a test here reads', () => {
    const known = ['yaml', 'json', 'sh', 'handlebars', 'text', 'jinja', 'ts']
    expect(examples.filter(({ language }) => !known.includes(language))).toEqual([])
    expect(examples.length).toBeGreaterThan(15)
  })

  test.each(ofLanguage('yaml'))('in YAML is right: %s', async (_, { text }) => {
    expect(await complaintsOf(text)).toEqual([])
  })

  test.each(ofLanguage('json'))('in JSON can be read: %s', (_, { text }) => {
    expect(() => JSON.parse(text)).not.toThrow()
  })

  test.each(ofLanguage('handlebars'))('of a template can be rendered: %s', async (_, { text }) => {
    const files = { 'templates/example.hbs': text }
    expect(
      await complaintsOf('- hosts: web\n  tasks: [{ template: { src: example.hbs, dest: /example } }]\n', files),
    ).toEqual([])
  })

  test.each(ofLanguage('sh'))('for a shell calls what is there: %s', (_, { text }) => {
    for (const line of text.split('\n')) {
      // What goes before the command is its environment.
      const words = splitWords(
        line
          .replace(/(^|\s)#.*$/, '')
          .replace(/ (\||>) ?.*/, '')
          .replace(/^(\w+=\S+ ?)+/, ''),
      )
      if (words.length > 0) expect(() => parseLine(words), line).not.toThrow()
    }
  })
})

describe('the page of the language', () => {
  const page = readFileSync(join(home, 'docs/language.md'), 'utf8')
  const inTables = new Set(
    [...page.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap((row) =>
      [...(row[1] ?? '').matchAll(/`([\w.]+)`/g)].map((word) => word[1]),
    ),
  )

  test.each(['play', 'block', 'task'] as const)('says what each keyword of a %s is', (holder) => {
    expect([...keywords[holder]].filter((keyword) => !inTables.has(keyword))).toEqual([])
  })

  test('has every fact, and no other', () => {
    const rows = [...page.matchAll(/^\| `facts\.([\w.]+)` \| (.*) \|$/gm)].map((row) => [row[1], row[2]])
    expect(rows).toEqual(Object.entries(FACTS))
  })
})

/** Variables that examples take for granted, for hosts that have what the examples name. */
const GIVEN = {
  shop_port: 8080,
  release: '1',
  leader: { stdout: 'web1' },
  before: { process: '1' },
  log_level: 'info',
  shop_is_open: true,
  tunnel_port: 8074,
}
const HOSTS = `all:
  children:
    web: { hosts: { web1: { address: 192.0.2.11 }, web2: { address: 192.0.2.12 } } }
    mattermost:
      vars: { admin_sources: [10.0.0.0/8] }
      hosts: { chat1: { address: 10.10.250.146, tunnel_id: 1 }, chat2: { address: 10.10.250.231, tunnel_id: 2 } }
`

/** What is wrong with a piece of YAML: a playbook, tasks, keywords of a task, an inventory, or the inputs of a role. */
async function complaintsOf(text: string, files: Record<string, string> = {}): Promise<string[]> {
  const value: unknown = parse(text, { customTags: [{ tag: '!cel', resolve: String }] })
  if (Array.isArray(value)) {
    const isPlaybook = value.every((item) => 'hosts' in item)
    return isPlaybook
      ? await wrongIn(text, files)
      : await wrongIn(`- hosts: web\n  tasks:\n${indented(text, 4)}`, files)
  }
  const keys = Object.keys(value as object)
  if (keys.some((key) => keywords.task.has(key)))
    return await wrongIn(`- hosts: web\n  tasks:\n    - debug: example\n${indented(text, 6)}`, files)
  if (Object.values(value as object).every((one) => typeof one !== 'object'))
    return await wrongIn('- hosts: web\n  tasks: [{ debug: example }]\n', {
      'group_vars/all/example.yml': text,
      ...files,
    })
  if (keys.includes('all')) return await wrongIn('- hosts: all\n  tasks: [{ debug: example }]\n', { 'hosts.yml': text })
  return Object.values(value as object).flatMap((schema) => {
    const { required: _, ...rest } = schema
    validateArguments({ type: 'object', properties: { input: rest } }, {})
    return []
  })
}

async function wrongIn(playbook: string, files: Record<string, string>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'docs-'))
  process.env.REGISTRY_TOKEN = 'a token of the examples'
  try {
    const inputs = 'shop_port: { type: integer, required: true }\n'
    const all = {
      'hosts.yml': HOSTS,
      'site.yml': playbook,
      'shop.conf.hbs': '',
      'roles/common/tasks/main.yml': '[]\n',
      'roles/shop/inputs.yml': inputs,
      'roles/shop/tasks/main.yml': '- debug: "{{shop_port}}"\n',
      'firewall.yml': '[]\n',
      ...files,
    }
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    symlinkSync(join(home, 'playbooks/roles/mattermost-tunnels'), join(folder, 'roles/mattermost-tunnels'))
    const extraVars = [JSON.stringify(GIVEN)]
    const { playbooks } = await load(
      [join(folder, 'site.yml')],
      { inventory: [join(folder, 'hosts.yml')], extraVars },
      'check',
    )
    return playbooks.flatMap(({ warnings }) => warnings.filter(({ code }) => code !== 'UNREAD_VARIABLE').map(String))
  } catch (error) {
    if (error instanceof Problems) return error.problems.map(String)
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function indented(text: string, width: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(width))
}

/** Programs of the hosts and of npm, which examples may name. */
const OUTSIDE = ['find', 'npm', 'systemctl', 'sudo', 'journalctl']

function parseLine([first = '', ...args]: readonly string[]): void {
  if (OUTSIDE.includes(first)) return
  if (first !== './run' && first !== 'lockstep') throw new Error(`${first} is no program that an example may call`)
  const inert = program()
  for (const command of allOf(inert)) command.action(() => {}).exitOverride()
  inert.parse(args, { from: 'user' })
}

function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)]
}

function examplesOf(page: string): Example[] {
  const text = readFileSync(join(home, page), 'utf8')
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    language: match[1] ?? '',
    text: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }))
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(home, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  )
}
