import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeIdentity } from '../../engine/cli/keygen.ts'
import { Keys } from '../../engine/cli/keys.ts'
import { load, opening } from '../../engine/cli/load.ts'
import { recipientsFor } from '../../engine/cli/recipients.ts'
import {
  createSecrets,
  decryptSecrets,
  editSecrets,
  encryptSecrets,
  rekeySecrets,
  viewSecrets,
} from '../../engine/cli/secret-files.ts'
import { Problem } from '../../engine/problem.ts'
import { Secret } from '../../engine/resource/secret.ts'

const home = mkdtempSync(join(tmpdir(), 'lockstep-secrets-'))
const fixture = (name: string) => readFileSync(new URL(`../language/fixtures/${name}`, import.meta.url))
afterAll(() => rmSync(home, { recursive: true }))

/** A person with an identity of their own. */
async function person(name: string): Promise<{ identity: string; recipient: string; keys: Keys }> {
  const identity = join(home, `${name}.txt`)
  const recipient = await makeIdentity(identity, new Date(0))
  return { identity, recipient, keys: new Keys({ identity: [identity], environment: {} }) }
}

const ann = await person('ann')
const ben = await person('ben')
const editor = join(home, 'editor')
let folder = ''
let said: string[] = []

beforeEach(() => {
  folder = mkdtempSync(join(home, 'repository-'))
  said = []
  write('.age-recipients', `# who may read\n${ann.recipient} # Ann\n\n`)
  vi.stubEnv('EDITOR', editor)
  vi.stubEnv('VISUAL', '')
  edits('echo "password: marker" >"$1"')
})
afterEach(() => vi.unstubAllEnvs())

function write(name: string, text: string | Buffer): string {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** What the person does in the editor; where the file lies is noted. */
function edits(script: string): void {
  writeFileSync(
    editor,
    `#!/bin/sh\necho "$1" >'${home}/edited'; stat -c %a "$1" "$(dirname "$1")" >'${home}/modes'\n${script}\n`,
  )
  chmodSync(editor, 0o755)
}

function as({ keys }: { keys: Keys }, passphrase = false) {
  return { keys, passphrase, say: (text: string) => said.push(text.replaceAll(`${folder}/`, '')) }
}

const text = (name: string) => readFileSync(join(folder, name), 'utf8')
const complaint = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error) => String(error).replaceAll(`${folder}/`, '').replaceAll(`${home}/`, '~/'),
  )

describe('lockstep secrets', () => {
  test('creates a file in the editor, which only those who are listed can open', async () => {
    await createSecrets(join(folder, 'secrets.yml'), as(ann))
    expect(readdirSync(folder).sort()).toEqual(['.age-recipients', 'secrets.yml.age'])
    expect(text('secrets.yml.age')).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/)
    expect(String(await viewSecrets(join(folder, 'secrets.yml'), as(ann)))).toBe('password: marker\n')
    expect(said).toEqual(['secrets.yml.age is encrypted for 1 key'])
    expect(await complaint(viewSecrets(join(folder, 'secrets.yml.age'), as(ben)))).toBe(
      `error[WRONG_KEY]: secrets.yml.age is not encrypted for the identity in ~/ben.txt
hint: somebody who can open it adds ${ben.recipient} to .age-recipients and runs: lockstep secrets rekey secrets.yml.age`,
    )
  })

  test('edits in a folder of its own that is gone afterwards, whatever the editor leaves there', async () => {
    edits('cp "$1" "$1~"; echo "password: marker" >>"$1"')
    await createSecrets(join(folder, 'secrets.yml'), as(ann))
    const edited = readFileSync(join(home, 'edited'), 'utf8').trim()
    expect(basename(edited)).toBe('secrets.yml')
    expect(existsSync(dirname(edited))).toBe(false)
    expect(readFileSync(join(home, 'modes'), 'utf8')).toBe('600\n700\n')
    expect(edited).not.toContain(folder)
  })

  test('saves nothing when the editor fails or nothing was changed', async () => {
    await createSecrets(join(folder, 's.yml'), as(ann))
    const before = text('s.yml.age')
    edits('echo lost >>"$1"; exit 3')
    expect(await complaint(editSecrets(join(folder, 's.yml'), as(ann)))).toBe(
      `error[EDITOR_FAILED]: the editor (~/editor) ended with exit code 3; nothing is saved
hint: EDITOR names another one`,
    )
    expect(existsSync(readFileSync(join(home, 'edited'), 'utf8').trim())).toBe(false)
    edits('true')
    await editSecrets(join(folder, 's.yml'), as(ann))
    expect(text('s.yml.age')).toBe(before)
    expect(said.at(-1)).toBe('s.yml.age stays as it was')
    expect(readdirSync(folder).sort()).toEqual(['.age-recipients', 's.yml.age'])
  })

  test('tells of broken YAML without showing it, and saves it all the same', async () => {
    edits(`printf 'a: "marker\\n' >"$1"`)
    await createSecrets(join(folder, 's.yml'), as(ann))
    expect(said.join('\n')).toContain('error[YAML_SYNTAX]: this encrypted file is no YAML here')
    expect(said.join('\n')).not.toContain('marker')
  })

  test('encrypts a clear file and decrypts it for its owner alone', async () => {
    const path = write('s.yml', 'a: marker\n')
    await encryptSecrets(path, as(ann))
    expect(readdirSync(folder).sort()).toEqual(['.age-recipients', 's.yml.age'])
    expect(text('s.yml.age')).not.toContain('marker')
    await decryptSecrets(`${path}.age`, as(ann))
    expect(readdirSync(folder).sort()).toEqual(['.age-recipients', 's.yml'])
    expect([text('s.yml'), statSync(path).mode & 0o777]).toEqual(['a: marker\n', 0o600])
  })

  test('lets a second person in once they are listed', async () => {
    await createSecrets(join(folder, 's.yml'), as(ann))
    write('.age-recipients', `${ann.recipient}\n${ben.recipient}\n`)
    await rekeySecrets([join(folder, 's.yml.age')], as(ann))
    expect(String(await viewSecrets(join(folder, 's.yml'), as(ben)))).toBe('password: marker\n')
    write('.age-recipients', `${ben.recipient}\n`)
    await rekeySecrets([join(folder, 's.yml.age')], as(ann))
    expect(said.slice(-2)).toEqual([
      `warning: .age-recipients does not list you, so you cannot open s.yml.age again`,
      's.yml.age is encrypted for 1 key',
    ])
    expect(await complaint(viewSecrets(join(folder, 's.yml'), as(ann)))).toContain('error[WRONG_KEY]')
  })

  test('turns a vault of Ansible into an age file', async () => {
    const path = write('vault.yml', fixture('vault-1.2.yml'))
    const password = join(home, 'vault-password')
    writeFileSync(password, 'open-sesame\n', { mode: 0o600 })
    const keys = new Keys({ identity: [ann.identity], vaultPasswordFile: [`prod@${password}`], environment: {} })
    await rekeySecrets([path], as({ keys }))
    expect(readdirSync(folder).sort()).toEqual(['.age-recipients', 'vault.yml.age'])
    expect(String(await viewSecrets(`${path}.age`, as(ann)))).toContain('tunnel_key: vault marker one\n')
  })

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'a file that is there',
      () => createSecrets(write('s.yml.age', 'x'), as(ann)),
      'error[FILE_THERE]: s.yml.age is there already',
    ],
    [
      'a missing file',
      () => editSecrets(join(folder, 'none.yml'), as(ann)),
      'error[FILE_MISSING]: there is no file none.yml',
    ],
    ['a clear file', () => viewSecrets(write('s.yml', 'a: 1'), as(ann)), 'error[WRONG_FILE]: s.yml is not encrypted'],
    [
      'an encrypted file',
      () => encryptSecrets(write('s', fixture('age-armor.age')), as(ann)),
      'error[WRONG_FILE]: s is encrypted already',
    ],
    [
      'a vault',
      () => decryptSecrets(write('s', fixture('vault-1.1.yml')), as(ann)),
      'error[WRONG_FILE]: s is a vault of Ansible',
    ],
    [
      'a cut file',
      () => viewSecrets(write('s.age', fixture('age-armor.age').subarray(0, 200)), as(ann)),
      'error[DAMAGED_FILE]: s.age is no whole age file',
    ],
    [
      'no recipients',
      () => createSecrets(write('.age-recipients', '# nobody\n').replace('.age-recipients', 's.yml'), as(ann)),
      'error[NO_RECIPIENTS]: .age-recipients lists nobody',
    ],
  ])('refuses %s', async (_, work, message) => expect(await complaint(work())).toContain(message))

  test('makes an identity for its owner alone, and never in the place of another', async () => {
    expect(statSync(ann.identity).mode & 0o777).toBe(0o600)
    expect(ann.recipient).toMatch(/^age1[a-z0-9]{58}$/)
    expect(await complaint(makeIdentity(ann.identity, new Date(0)))).toBe(
      `error[FILE_THERE]: ~/ann.txt is there already, and is not replaced\nhint: its public key: ${ann.recipient}`,
    )
  })

  test('takes no key that others may read', async () => {
    const open = join(home, 'open.txt')
    writeFileSync(open, readFileSync(ann.identity))
    chmodSync(open, 0o644)
    await createSecrets(join(folder, 's.yml'), as(ann))
    const keys = new Keys({ identity: [open], environment: {} })
    expect(await complaint(viewSecrets(join(folder, 's.yml'), as({ keys })))).toBe(
      'error[KEY_OPEN]: others than you may read the key in ~/open.txt\nhint: chmod 600 ~/open.txt'.replace(
        'hint: chmod 600 ~',
        'hint: chmod 600 ~',
      ),
    )
  })
})

describe('the keys for an encrypted file', () => {
  const sealed = (name: string) => ({ kind: 'vault' as const, content: fixture(name), file: name, place: undefined })
  const typing =
    (...answers: string[]) =>
    async () =>
      new Secret(answers.shift() ?? '')

  test('an identity is looked for in flags, environment and the own folder, in this order', async () => {
    await createSecrets(join(folder, 's.yml'), as(ann))
    const context = (keys: Keys) => as({ keys })
    const view = (environment: Record<string, string>, identity?: string[]) =>
      complaint(
        viewSecrets(join(folder, 's.yml'), context(new Keys({ environment, ...(identity ? { identity } : {}) }))),
      )
    mkdirSync(join(folder, 'lockstep'))
    writeFileSync(join(folder, 'lockstep/identity.txt'), readFileSync(ann.identity), { mode: 0o600 })
    expect(await view({ XDG_CONFIG_HOME: folder })).toBe('none')
    expect(await view({ XDG_CONFIG_HOME: folder, LOCKSTEP_AGE_IDENTITY: ben.identity })).toContain('WRONG_KEY')
    expect(await view({ LOCKSTEP_AGE_IDENTITY: ben.identity }, [ann.identity])).toBe('none')
    expect(await view({ LOCKSTEP_AGE_IDENTITY: `${ben.identity}:${ann.identity}` })).toBe('none')
    expect(await view({ XDG_CONFIG_HOME: join(folder, 'none') })).toBe(
      `error[NO_IDENTITY]: s.yml.age is encrypted, and there is no identity to open it with
hint: name yours with --identity or LOCKSTEP_AGE_IDENTITY; \`lockstep secrets keygen\` makes one`,
    )
  })

  test("a vault's password comes from a file, from a program, or is typed once", async () => {
    const file = join(home, 'password')
    const program = join(home, 'password.sh')
    writeFileSync(file, 'open-sesame\n', { mode: 0o600 })
    writeFileSync(program, '#!/bin/sh\necho open-sesame\n', { mode: 0o755 })
    for (const options of [
      { vaultPasswordFile: [file] },
      { vaultPasswordFile: [program] },
      { environment: { LOCKSTEP_VAULT_PASSWORD_FILE: file } },
      { ask: typing('open-sesame') },
    ]) {
      const keys = new Keys({ environment: {}, ...options })
      expect(String(await keys.open(sealed('vault-1.1.yml')))).toContain('vault marker one')
      expect(String(await keys.open(sealed('vault-1.1.yml')))).toContain('vault marker one')
    }
    expect(await complaint(new Keys({ environment: {}, ask: typing('x') }).open(sealed('vault-1.1.yml')))).toBe(
      'error[WRONG_KEY]: this password does not open the vault in vault-1.1.yml',
    )
  })

  test('the nearest list of recipients counts, up to the top of the repository', () => {
    write('.git/HEAD', '')
    write('deep/er/.age-recipients', ben.recipient)
    expect(recipientsFor(join(folder, 'deep/er/x')).recipients).toEqual([ben.recipient])
    expect(recipientsFor(join(folder, 'deep/x')).recipients).toEqual([ann.recipient])
    write('other/.git/HEAD', '')
    expect(() => recipientsFor(join(folder, 'other/x'))).toThrow('there is no .age-recipients in its folder or above')
    write('deep/.age-recipients', 'ssh-ed25519 AAAA\n')
    expect(() => recipientsFor(join(folder, 'deep/x'))).toThrow("'ssh-ed25519 AAAA' is no public key of age")
  })
})

describe('a playbook with encrypted variables', () => {
  test('is loaded with the identity, and -e takes an encrypted file', async () => {
    const vars = write('group_vars/all/secrets.yml', 'password: marker\n')
    const more = write('more.yml', 'extra: 1234567\n')
    for (const path of [vars, more]) await encryptSecrets(path, as(ann))
    write('hosts.yml', 'all: { hosts: { web1: {} } }\n')
    const site = write(
      'site.yml',
      '- hosts: all\n  tasks:\n    - copy: { dest: /x, content: "{{password}}{{extra}}" }\n',
    )
    const flags = { inventory: [join(folder, 'hosts.yml')], extraVars: [`@${more}.age`], identity: [ann.identity] }
    const { inventory, playbooks } = await load([site], flags, 'run')
    expect(JSON.stringify(inventory.variables('web1'))).toBe('{"password":"‹secret›","extra":"‹secret›"}')
    expect(playbooks).toHaveLength(1)
    expect(await complaint(load([site], { ...flags, identity: [ben.identity] }, 'run'))).toContain('error[WRONG_KEY]')
  })

  test('opens only what is asked for, and all of it before anything is complained of', async () => {
    const passes: (string | undefined)[] = []
    const sealed = { kind: 'vault' as const, content: fixture('vault-1.1.yml'), file: 'v', place: undefined }
    const password = join(home, 'own-password')
    writeFileSync(password, 'open-sesame\n', { mode: 0o600 })
    const found = await opening({ vaultPasswordFile: [password] }, (clearTexts) => {
      passes.push(clearTexts.read(sealed)?.split(':')[0])
      if (passes.length === 1) throw new Problem({ code: 'WRONG_TYPE', message: 'it cannot be read yet' })
      return 'found'
    })
    expect([passes, found]).toEqual([[undefined, 'tunnel_key'], 'found'])
  })
})
