import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { needsPassphrase, openAge, recipientOf } from '../language/encrypted/age.ts'
import { openVault, vaultHeader } from '../language/encrypted/ansible-vault.ts'
import { type Sealed, sealKind } from '../language/encrypted/sealed.ts'
import { Problem } from '../problem.ts'
import { Secret } from '../resource/secret.ts'
import type { KeyFlags } from './options.ts'
import { keepSecret } from './process-secrets.ts'
import { askSecret } from './prompt.ts'

/** What keys are looked for with. */
export interface KeyOptions extends KeyFlags {
  environment?: Readonly<Record<string, string | undefined>>
  ask?: (question: string) => Promise<Secret>
}

/** Where a person's own identity is when nothing else is said. */
export function identityPath({ XDG_CONFIG_HOME: config }: KeyOptions['environment'] = process.env): string {
  return `${config || `${homedir()}/.config`}/lockstep/identity.txt`
}

/** Opens what is encrypted, with identities, password files, and what a person types; each is read or asked for once. */
export class Keys {
  readonly #options: KeyOptions
  readonly #environment: Readonly<Record<string, string | undefined>>
  #identities: Promise<Identities> | undefined
  readonly #asked = new Map<string, Promise<Secret>>()

  constructor(options: KeyOptions) {
    this.#options = options
    this.#environment = options.environment ?? process.env
  }

  /** The clear content; throws a Problem when no key fits. */
  async open(sealed: Sealed): Promise<Buffer> {
    if (sealed.kind === 'vault') return Buffer.from(await this.#openVault(sealed))
    return needsPassphrase(sealed.content) ? await this.#openWithPassphrase(sealed) : await this.#openForMe(sealed)
  }

  /** What a person types; asked once for each question. */
  ask(question: string): Promise<Secret> {
    const { ask = askSecret } = this.#options
    const found = this.#asked.get(question) ?? ask(question)
    this.#asked.set(question, found)
    return found
  }

  /** The public keys of the identities that there are. */
  async recipients(): Promise<string[]> {
    const { keys } = await this.#mine()
    const found = await Promise.all(keys.map(recipientOf))
    return found.filter((recipient) => recipient !== undefined)
  }

  async #openForMe({ content, file, place }: Sealed): Promise<Buffer> {
    const { keys, paths } = await this.#mine()
    if (keys.length === 0) {
      throw new Problem({
        code: 'NO_IDENTITY',
        message: `${file} is encrypted, and there is no identity to open it with`,
        place,
        hint: 'name yours with --identity or LOCKSTEP_AGE_IDENTITY; `lockstep secrets keygen` makes one',
      })
    }
    const opened = await openAge(content, { identities: keys })
    if (Buffer.isBuffer(opened)) return opened
    if (opened === 'damaged') throw damaged(file, place)
    throw new Problem({
      code: 'WRONG_KEY',
      message: `${file} is not encrypted for the identity in ${paths.join(', ')}`,
      place,
      hint: `somebody who can open it adds ${(await this.recipients()).join(' ')} to .age-recipients and runs: lockstep secrets rekey ${file}`,
    })
  }

  async #openWithPassphrase({ content, file, place }: Sealed): Promise<Buffer> {
    const opened = await openAge(content, { passphrase: await this.ask(`passphrase of ${file}`) })
    if (Buffer.isBuffer(opened)) return opened
    if (opened === 'damaged') throw damaged(file, place)
    throw new Problem({ code: 'WRONG_KEY', message: `this passphrase does not open ${file}`, place })
  }

  async #openVault({ content, file, place }: Sealed): Promise<string> {
    const text = content.toString('utf8')
    const { version, cipher, label } = vaultHeader(text)
    if (!['1.1', '1.2'].includes(version) || cipher !== 'AES256') {
      throw new Problem({
        code: 'VAULT_KIND',
        message: `${file} holds a vault of version ${version} with ${cipher}, and only AES256 of 1.1 and 1.2 can be read`,
        place,
        hint: 'ansible-vault rekey writes it anew',
      })
    }
    const given = this.#vaultPasswords()
    const fitting = [...given.filter(({ id }) => id === label), ...given.filter(({ id }) => id !== label)]
    for (const { password } of fitting) {
      const opened = openVault(text, password.reveal())
      if (opened !== undefined) return opened
    }
    const whose = label === undefined ? 'Ansible Vault' : `the vault '${label}'`
    const asked = given.length > 0 ? undefined : await this.ask(`password of ${whose}`)
    const opened = asked && openVault(text, asked.reveal())
    if (opened !== undefined) return opened
    const files = given.map(({ path }) => path).join(', ')
    throw new Problem({
      code: 'WRONG_KEY',
      message: asked
        ? `this password does not open the vault in ${file}`
        : `no password of ${files} opens the vault in ${file}`,
      place,
    })
  }

  #vaultPasswords(): { id: string | undefined; path: string; password: Secret }[] {
    const given = this.#options.vaultPasswordFile ?? listed(this.#environment.LOCKSTEP_VAULT_PASSWORD_FILE)
    return given.map((one) => {
      const [, id, path = ''] = /^(?:([^@/]*)@)?(.*)$/s.exec(one) ?? []
      return { id, path, password: keepSecret(new Secret(passwordOf(path))) }
    })
  }

  #mine(): Promise<Identities> {
    this.#identities ??= this.#readIdentities()
    return this.#identities
  }

  async #readIdentities(): Promise<Identities> {
    const own = identityPath(this.#environment)
    const named = this.#options.identity ?? listed(this.#environment.LOCKSTEP_AGE_IDENTITY)
    const paths = named.length > 0 ? named : existsSync(own) ? [own] : []
    const keys = await Promise.all(paths.map((path) => this.#identitiesIn(path)))
    return { keys: keys.flat(), paths }
  }

  async #identitiesIn(path: string): Promise<Secret[]> {
    const content = readKeyFile(path)
    const kind = sealKind(content)
    const clear =
      kind === 'age' ? await this.#openWithPassphrase({ kind, content, file: path, place: undefined }) : content
    const lines = clear
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim())
    const keys = lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => keepSecret(new Secret(line)))
    const recipients = await Promise.all(keys.map(recipientOf))
    if (keys.length > 0 && recipients.every((recipient) => recipient !== undefined)) return keys
    throw new Problem({
      code: 'BAD_IDENTITY',
      message: `${path} is no file of age identities`,
      hint: 'each of its lines begins with AGE-SECRET-KEY-1; `lockstep secrets keygen` writes one',
    })
  }
}

interface Identities {
  keys: readonly Secret[]
  paths: readonly string[]
}

function damaged(file: string, place: Sealed['place']): Problem {
  return new Problem({
    code: 'DAMAGED_FILE',
    message: `${file} is no whole age file: somebody has cut or changed it`,
    place,
    hint: 'take it from the history of the repository',
  })
}

/** A program prints the password, a file holds it, as Ansible has it. */
function passwordOf(path: string): string {
  const content = readKeyFile(path)
  const isProgram = (statSync(path).mode & 0o111) !== 0
  const text = isProgram ? execFileSync(resolve(path), { encoding: 'utf8', timeout: 60_000 }) : content.toString('utf8')
  return text.trim()
}

function readKeyFile(path: string): Buffer {
  try {
    const { mode } = statSync(path)
    if ((mode & 0o077) === 0 || (mode & 0o111) !== 0) return readFileSync(path)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    const reason = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new Problem({ code: 'FILE_MISSING', message: `${path} cannot be read: ${reason}` })
  }
  throw new Problem({
    code: 'KEY_OPEN',
    message: `others than you may read the key in ${path}`,
    hint: `chmod 600 ${path}`,
  })
}

function listed(text: string | undefined): string[] {
  return (text ?? '').split(':').filter(Boolean)
}
