import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { commandReference } from '../engine/cli/command-reference.ts'
import { load } from '../engine/cli/load.ts'
import { program } from '../engine/cli/program.ts'
import { functions } from '../engine/language/functions/functions.ts'
import { functionReference } from '../engine/report/function-reference.ts'
import { entriesOf, wholeReference } from '../engine/report/reference.ts'
import { actions, modules } from '../modules/index.ts'

const home = fileURLToPath(new URL('..', import.meta.url))

describe('the documentation', () => {
  test('has the reference that the code gives; `npm run docs` writes it', () => {
    expect(read('docs/modules.md')).toBe(wholeReference(entriesOf(modules, actions)))
    expect(read('docs/commands.md')).toBe(commandReference(program()))
    expect(read('docs/functions.md')).toBe(functionReference([...functions.values()]))
  })

  test('lists every code of an error, and no other', () => {
    const rows = [...read('docs/errors.md').matchAll(/^\| (`[A-Z_`, ]+`) \|/gm)].map((match) => match[1] ?? '')
    const written = new Set(rows.flatMap((row) => row.replaceAll('`', '').split(', ')))
    const used = new Set(sources('engine', 'modules', 'lab').flatMap((file) => codesIn(read(file))))
    expect([...used].filter((code) => !written.has(code)).sort()).toEqual([])
    expect([...written].filter((code) => !used.has(code)).sort()).toEqual([])
  })

  test('has examples in the README that are right', async () => {
    const [hosts = '', site = ''] = blocks('yaml', read('README.md'))
    const playbooks = await loaded({ 'hosts.yml': hosts, 'site.yml': site })
    expect(playbooks.map(({ warnings }) => warnings)).toEqual([[]])
    expect(playbooks[0]?.playbook.plays[0]?.hosts).toEqual(['web1', 'web2'])
  })

  test('has playbooks with secrets that are right', async () => {
    vi.stubEnv('REGISTRY_TOKEN', 'token')
    const hosts = 'all: { hosts: { web1: { address: 192.0.2.11 } }, vars: { db_password: !cel \'secret("x")\' } }'
    const sites = blocks('yaml', read('docs/secrets.md')).filter((block) => /^ {2}tasks:/m.test(block))
    expect(sites).toHaveLength(2)
    for (const site of sites) {
      const files = { 'hosts.yml': hosts, 'site.yml': site, 'shop.conf.hbs': '{{db_password}}\n' }
      expect((await loaded(files)).map(({ warnings }) => warnings)).toEqual([[]])
    }
    vi.unstubAllEnvs()
  })

  test('has playbooks for those who come from Ansible that are right', async () => {
    const page = read('docs/coming-from-ansible.md')
    const hosts = 'all: { children: { web: { hosts: { web1: { address: 192.0.2.11 } } } } }'
    const [template = ''] = blocks('handlebars', page)
    const sites = blocks('yaml', page).filter((block) => /^ {2}hosts:/m.test(block))
    expect(sites).not.toEqual([])
    for (const site of sites) {
      const [compiled] = await loaded({ 'hosts.yml': hosts, 'site.yml': site, 'shop.conf.hbs': template })
      expect(compiled?.warnings).toEqual([])
      expect(compiled?.playbook.plays[0]?.hosts).toEqual(['web1'])
    }
  })

  test('has no link that leads nowhere', () => {
    const pages = ['README.md', 'CHANGELOG.md', ...sources('docs').filter((file) => file.endsWith('.md'))]
    expect(pages.flatMap(deadLinks)).toEqual([])
  })
})

/** Codes are the words in capitals that stand alone in quotes; a few others are names of the world outside. */
function codesIn(text: string): string[] {
  const words = [...text.matchAll(/'([A-Z]{2,}(?:_[A-Z]+)*)'/g)].map((match) => match[1] ?? '')
  return words.filter((word) => (word.includes('_') || SINGLE.has(word)) && !FOREIGN.has(word))
}

const SINGLE = new Set(['UNREACHABLE', 'INTERRUPTED', 'LOCKED'])
const FOREIGN = new Set([
  'SSH_AUTH_SOCK',
  'VERSION_ID',
  'VERSION_CODENAME',
  'EAI_AGAIN',
  'LOCKSTEP_LAB_ACCESS',
  'LOCKSTEP_AGE_IDENTITY',
  'LOCKSTEP_VAULT_PASSWORD_FILE',
])

/** What `site.yml` among the files compiles to, with the inventory `hosts.yml`. */
async function loaded(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'docs-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return (await load([join(folder, 'site.yml')], { inventory: [join(folder, 'hosts.yml')] }, 'check')).playbooks
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function blocks(language: string, text: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap((match) =>
    match[1] === language ? [match[2] ?? ''] : [],
  )
}

function deadLinks(page: string): string[] {
  const links = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '')
  return links.filter((link) => !exists(resolve(home, dirname(page), link))).map((link) => `${page}: ${link}`)
}

function exists(path: string): boolean {
  return readdirSync(dirname(path)).includes(path.slice(dirname(path).length + 1))
}

function sources(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(home, folder), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? sources(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
    ),
  )
}

function read(file: string): string {
  return readFileSync(join(home, file), 'utf8')
}
