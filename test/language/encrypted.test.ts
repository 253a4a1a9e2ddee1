import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compile } from '../../engine/language/compile.ts'
import { needsPassphrase, newIdentity, openAge, recipientOf, sealAge } from '../../engine/language/encrypted/age.ts'
import { openVault, vaultHeader } from '../../engine/language/encrypted/ansible-vault.ts'
import { ClearTexts } from '../../engine/language/encrypted/clear-texts.ts'
import { sealKind } from '../../engine/language/encrypted/sealed.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import { SourceFiles } from '../../engine/language/source-files.ts'
import { KnownSecrets } from '../../engine/resource/known-secrets.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { complaintsOf, folderWith } from './folder.ts'
import { registry } from './stand-ins.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url))
const identity = new Secret(/^AGE-SECRET-KEY-.*$/m.exec(fixture('age-identity.txt').toString())?.[0] ?? '')
const CLEAR = 'db_password: age fixture one\nport: 65321\n'
const VAULT_CLEAR = `tunnel_key: vault marker one
port: 5432
nested:
  list: [alpha beta gamma, true]
url: "postgres://app:{{ tunnel_key }}@db"
`

describe('age files', () => {
  test.each(['age-binary.age', 'age-armor.age'])('as age writes them are read: %s', async (name) => {
    expect(sealKind(fixture(name))).toBe('age')
    expect(String(await openAge(fixture(name), { identities: [identity] }))).toBe(CLEAR)
  })

  test('open for each of several people, and for nobody else', async () => {
    const [ann, ben, eve] = await Promise.all([newIdentity(), newIdentity(), newIdentity()])
    const sealed = Buffer.from(await sealAge(Buffer.from('x'), { recipients: [ann.recipient, ben.recipient] }))
    const openFor = ({ identity: key }: { identity: string }) => openAge(sealed, { identities: [new Secret(key)] })
    expect([String(await openFor(ann)), String(await openFor(ben))]).toEqual(['x', 'x'])
    expect(await openFor(eve)).toBe('no key fits')
    expect(await recipientOf(new Secret(ann.identity))).toBe(ann.recipient)
  })

  test('open for those who know the passphrase', async () => {
    const sealed = fixture('age-passphrase.age')
    expect([needsPassphrase(sealed), needsPassphrase(fixture('age-armor.age'))]).toEqual([true, false])
    expect(String(await openAge(sealed, { passphrase: new Secret('open sesame') }))).toBe('x')
    expect(await openAge(sealed, { passphrase: new Secret('open') })).toBe('no key fits')
  })

  test('are closed with a passphrase', async () => {
    const sealed = await sealAge(Buffer.from('x'), { passphrase: new Secret('open sesame') })
    expect(needsPassphrase(Buffer.from(sealed))).toBe(true)
  })

  test.each([
    ['cut', (text: string) => text.slice(0, 300)],
    ['changed', (text: string) => text.replace(/.(?=\n-----END)/, 'A')],
    ['without a body', () => '-----BEGIN AGE ENCRYPTED FILE-----\n'],
  ])('are damaged when they are %s', async (_, damage) => {
    const sealed = Buffer.from(damage(fixture('age-armor.age').toString()))
    expect(await openAge(sealed, { identities: [identity] })).toBe('damaged')
  })
})

describe('vaults of Ansible', () => {
  test.each([
    ['vault-1.1.yml', undefined],
    ['vault-1.2.yml', 'prod'],
  ])('are read: %s', (name, label) => {
    const vault = fixture(name)
    expect(sealKind(vault)).toBe('vault')
    expect(vaultHeader(vault.toString())).toMatchObject({ cipher: 'AES256', label })
    expect(openVault(vault.toString(), 'open-sesame')).toBe(VAULT_CLEAR)
  })

  test.each(['', 'open-sesame ', 'x'])('do not open with another password: %j', (password) => {
    expect(openVault(fixture('vault-1.1.yml').toString(), password)).toBeUndefined()
  })

  test.each(['$ANSIBLE_VAULT;1.1;AES256', '$ANSIBLE_VAULT;1.1;AES256\n', '$ANSIBLE_VAULT;1.1;AES256\n6162\n'])(
    'do not open when they are no whole ones: %j',
    (vault) => expect(openVault(vault, 'open-sesame')).toBeUndefined(),
  )
})

/** Opens all that loading asks for, with `seals`: what is written is the clear text behind a mark. */
const SEAL = '$ANSIBLE_VAULT;1.1;AES256\n'
const seal = (text: string) => SEAL + Buffer.from(text).toString('hex')

function opening<T>(work: (clearTexts: ClearTexts) => T): { value: T; secrets: KnownSecrets } {
  const clearTexts = new ClearTexts(new KnownSecrets())
  for (;;) {
    let value: T | undefined
    let problem: unknown
    try {
      value = work(clearTexts)
    } catch (error) {
      problem = error
    }
    if (clearTexts.wanted.length === 0) {
      if (problem !== undefined) throw problem
      return { value: value as T, secrets: clearTexts.secrets }
    }
    for (const sealed of clearTexts.wanted) {
      const hex = sealed.content.toString().slice(SEAL.length).replace(/\s/g, '')
      clearTexts.open(sealed, Buffer.from(hex, 'hex').toString())
    }
  }
}

const HOSTS = 'all: { hosts: { h: {} } }\n'
const vault = (text: string, indent: number) => `!vault |\n${seal(text).replace(/^/gm, ' '.repeat(indent))}\n`

describe('variables that were encrypted', () => {
  test.each<{ title: string; files: Record<string, string>; name: string; expected: unknown }>([
    { title: 'a text', files: { 'group_vars/all.yml': seal('a: marker') }, name: 'a', expected: ['marker'] },
    { title: 'an empty text', files: { 'group_vars/all.yml': seal('a: ""') }, name: 'a', expected: [''] },
    { title: 'a number', files: { 'group_vars/all.yml': seal('a: 5432') }, name: 'a', expected: [5432] },
    { title: 'zero', files: { 'group_vars/all.yml': seal('a: 0') }, name: 'a', expected: [0] },
    { title: 'true, which tells nothing', files: { 'group_vars/all.yml': seal('a: true') }, name: 'a', expected: true },
    { title: 'null, which tells nothing', files: { 'group_vars/all.yml': seal('a:') }, name: 'a', expected: null },
    {
      title: 'each leaf',
      files: { 'group_vars/all.yml': seal('a: { b: [x, 2], c: { d: "y" } }') },
      name: 'a',
      expected: { b: [['x'], [2]], c: { d: ['y'] } },
    },
    { title: 'a file .yml.age', files: { 'group_vars/all.yml.age': seal('a: x') }, name: 'a', expected: ['x'] },
    { title: 'one in a folder', files: { 'group_vars/all/s.yml.age': seal('a: x') }, name: 'a', expected: ['x'] },
    { title: 'one of a host', files: { 'host_vars/h.yml.age': seal('a: x') }, name: 'a', expected: ['x'] },
    {
      title: 'a template',
      files: { 'group_vars/all.yml': seal('a: "u:{{b}}"\nb: x') },
      name: 'a',
      expected: ['u:x'],
    },
    {
      title: 'a template that reads what is no secret',
      files: { 'group_vars/all/s.yml': seal('a: "u:{{b}}"'), 'group_vars/all/t.yml': 'b: x' },
      name: 'a',
      expected: ['u:x'],
    },
    { title: 'an expression', files: { 'group_vars/all.yml': seal('a: !cel 1 + 1') }, name: 'a', expected: [2] },
    { title: 'an empty file', files: { 'group_vars/all.yml': seal('') }, name: 'a', expected: undefined },
    {
      title: 'a value by itself',
      files: { 'group_vars/all.yml': `a: ${vault('pass {{word}}', 4)}b: x\n` },
      name: 'a',
      expected: ['pass {{word}}'],
    },
    {
      title: 'what is made of one',
      files: { 'group_vars/all.yml': `a: "{{upper b}}"\nb: ${vault('x', 4)}` },
      name: 'a',
      expected: ['X'],
    },
    {
      title: 'an inventory',
      files: { 'hosts.yml': seal('all: { hosts: { h: { a: x } } }') },
      name: 'a',
      expected: ['x'],
    },
  ])('are secrets: $title', ({ files, name, expected }) => {
    const folder = folderWith({ 'hosts.yml': HOSTS, ...files })
    const { value } = opening(
      (clearTexts) => loadInventory([`${folder}/hosts.yml`], { clearTexts }).variables('h')[name],
    )
    expect(revealed(value)).toEqual(expected)
  })

  test('are known, whole and in parts', () => {
    const files = { 'group_vars/all.yml': seal('a: marker one\nb: [{ c: marker two }]\nd: "{{upper a}}"') }
    const folder = folderWith({ 'hosts.yml': HOSTS, ...files })
    const { secrets } = opening((clearTexts) => loadInventory([`${folder}/hosts.yml`], { clearTexts }).variables('h').d)
    expect(secrets.hide('marker one, marker two, MARKER ONE')).toBe('‹secret›, ‹secret›, ‹secret›')
  })

  test('come from vars_files, roles and values in a playbook', () => {
    const folder = folderWith({
      'hosts.yml': HOSTS,
      'play.yml': `- hosts: all
  vars_files: [s.yml.age]
  roles: [r]
  tasks:
    - thing: { path: /x, text: "{{a}}{{d}}" }
      vars:
        d: ${vault('four', 10)}`,
      's.yml.age': seal('a: vars one'),
      'roles/r/defaults/main.yml.age': seal('b: role two'),
      'roles/r/vars/main.yml': 'e: 1',
      'roles/r/vars/main.yml.age': seal('c: role three'),
      'roles/r/tasks/main.yml': '- thing: { path: /x, text: "{{b}}{{c}}", size: "{{e}}" }\n',
    })
    const { secrets } = opening((clearTexts) => {
      const inventory = loadInventory([`${folder}/hosts.yml`], { clearTexts })
      return compile({ playbookPath: `${folder}/play.yml`, inventory, registry, checkMode: false, clearTexts })
    })
    expect(secrets.hide('vars one, role two, role three, four')).toBe('‹secret›, ‹secret›, ‹secret›, ‹secret›')
  })
})

describe('files that are brought to hosts', () => {
  test.each([
    ['a vault is opened', 'key.pem', { 'files/key.pem': seal('marker') }, ['marker']],
    [
      'an age file is opened where its clear name is asked for',
      'key.pem',
      { 'files/key.pem.age': seal('marker') },
      ['marker'],
    ],
    ['a clear one wins', 'key.pem', { 'files/key.pem.age': seal('marker'), 'files/key.pem': 'clear' }, 'clear'],
    [
      'an age file is brought as it is by its own name',
      'x.age',
      { 'files/x.age': fixture('age-armor.age').toString() },
      fixture('age-armor.age').toString(),
    ],
  ])('%s', (_, src, files: Record<string, string>, expected) => {
    const folder = folderWith(files)
    const place = { file: 'f', line: 1, column: 1 }
    const { value } = opening((clearTexts) => new SourceFiles(folder, clearTexts).source(src, undefined, place).content)
    expect(Buffer.isBuffer(value) ? value.toString() : revealed(value)).toEqual(expected)
  })
})

describe('what is wrong with an encrypted file', () => {
  const complaints = (files: Record<string, string>, play = '- hosts: all\n  tasks: []\n') => {
    const folder = folderWith({ 'hosts.yml': HOSTS, 'play.yml': play, ...files })
    return complaintsOf(
      () =>
        opening((clearTexts) => {
          const inventory = loadInventory([`${folder}/hosts.yml`], { clearTexts })
          return compile({ playbookPath: `${folder}/play.yml`, inventory, registry, checkMode: false, clearTexts })
        }),
      folder,
    ).join('\n')
  }

  test.each([
    ['no YAML', 'a: "marker\n'],
    ['a tab', 'a:\n\tmarker: 1\n'],
    ['an unknown tag', 'a: !marker x\n'],
    ['an alias of nothing', 'a: *marker-alias\n'],
    ['two documents', 'a: 1\n---\nmarker: 2\n'],
    ['a template that is none', 'a: "{{marker"\n'],
  ])('is told without showing any of it: %s', (_, text) => {
    const told = complaints(
      { 'group_vars/all.yml': seal(text) },
      '- hosts: all\n  tasks: [thing: { path: /x, text: "{{a}}" }]\n',
    )
    expect(told).toMatch(/^error\[[A-Z_]+\]: .*\n {2}--> group_vars\/all\.yml:/)
    expect(told).not.toContain('marker')
  })

  test.each([
    ['a number of a kind', 'size', 'a: marker text', "'size' of thing takes a whole number, not what was given"],
    ['permission bits', 'mode', 'a: marker', "'mode' of thing is permission bits in quotes, not what was given"],
    ['one of some words', 'state', 'a: marker', "'state' of thing takes one of present, absent, not what was given"],
  ])('tells which argument is wrong and not the value: %s', (_, argument, text, sentence) => {
    const play = `- hosts: all\n  tasks:\n    - thing: { path: /x, ${argument}: "{{a}}" }\n`
    const told = complaints({ 'group_vars/all.yml': seal(text) }, play)
    expect(told).toContain(sentence)
    expect(told).not.toContain('marker')
  })

  test('a playbook is not encrypted', () => {
    expect(complaints({}, seal('- hosts: all'))).toContain(
      'error[ENCRYPTED_FILE]: play.yml is encrypted, which only files of variables can be',
    )
  })

  test('a vault is one', () => {
    expect(complaints({ 'group_vars/all.yml': 'a: !vault nothing\n' })).toContain(
      'error[ENCRYPTED_FILE]: what follows !vault is no vault of Ansible',
    )
  })
})

/** The value with each secret as a list of what it hides. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return [value.value]
  if (Array.isArray(value)) return value.map(revealed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revealed(part)]))
}
