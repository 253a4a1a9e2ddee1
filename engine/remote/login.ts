import ssh2, {
  type AnyAuthMethod,
  type AuthHandlerMiddleware,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2'
import type { Secret } from '../resource/secret.ts'
import { type HostAddress, nameOf } from './address.ts'
import type { Failure } from './failures.ts'
import { type Identity, identitiesOf } from './identities.ts'

/** The ways to log in at one host, tried in turn, and the account of it. */
export interface Login {
  authHandler: AuthHandlerMiddleware
  /** The key that signed last, as base64 of its blob: the one that let us in, when a key did. */
  readonly key: string | undefined
  /** Why nobody was let in. */
  failure(reason: string | undefined): Failure
}

/**
 * Keys first, then the password as the host wants it. ssh2's usual first question for the methods is left out: it costs
 * a trip, and is asked only when the keys were not enough. `ask` stands around questions to a person, to stop the clock.
 */
export async function loginTo(host: HostAddress, ask: <T>(question: () => Promise<T>) => Promise<T>): Promise<Login> {
  const passphrase = host.passphrase
  const { identities, notes } = await identitiesOf(
    passphrase === undefined ? host : { ...host, passphrase: () => ask(passphrase) },
  )
  const tried: string[] = []
  const ring = new KeyRing(identities, notes)
  let offered: readonly string[] | undefined

  async function* methods(): AsyncGenerator<AnyAuthMethod, void> {
    const username = host.user
    if (identities.length > 0) {
      tried.push(...identities.map(({ label }) => label))
      yield { type: 'agent', username, agent: ring }
      // ssh2 keeps to itself what the host offers while it goes through keys.
      yield { type: 'none', username }
    }
    if (host.password === undefined) return
    const secret = await ask(host.password)
    ring.signed = undefined
    if (offered === undefined || offered.includes('password')) {
      tried.push('password')
      yield { type: 'password', username, password: secret.reveal() }
    }
    // Where both are offered they are the same question, and the answer was wrong.
    if (offered?.includes('keyboard-interactive') && !offered.includes('password')) {
      tried.push('keyboard-interactive')
      yield { type: 'keyboard-interactive', username, prompt: answerOnce(secret, notes) }
    }
  }

  const rest = methods()
  return {
    get key() {
      return ring.signed
    },
    authHandler(methodsLeft, _partial, next) {
      if (Array.isArray(methodsLeft)) offered = methodsLeft
      rest.next().then(
        // ssh2 wants false at the end, which its types do not know.
        ({ value }) => next(value ?? (false as never)),
        (reason: unknown) => {
          notes.push(reason instanceof Error ? reason.message : String(reason))
          next(false as never)
        },
      )
    },
    failure(reason) {
      const account = [
        `Tried: ${tried.join(', ') || 'nothing, since there is no key, agent or password'}.`,
        ...(notes.length > 0 ? [`Not usable: ${notes.join('; ')}.`] : []),
        ...(offered !== undefined && offered.length > 0 ? [`The host offers: ${offered.join(', ')}.`] : []),
      ]
      return {
        code: 'AUTH_FAILED',
        message: `${nameOf(host)} lets nobody in${reason === undefined ? '' : ` (${reason})`}. ${account.join(' ')}`,
        hint: 'name a key with --private-key, load one into the agent, or give the password with -k; certificates and security keys need connection: openssh',
      }
    },
  }
}

/** All keys as one agent, which ssh2 then asks key by key and only for those that the host accepts. */
class KeyRing extends ssh2.BaseAgent<ParsedKey> {
  readonly #identities: readonly Identity[]
  readonly #notes: string[]
  /** Base64 of the blob of the key that signed last. */
  signed: string | undefined

  constructor(identities: readonly Identity[], notes: string[]) {
    super()
    this.#identities = identities
    this.#notes = notes
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(
      null,
      this.#identities.map(({ key }) => key),
    )
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback
    const hash = typeof options === 'function' ? undefined : options.hash
    const identity = this.#identities.find((one) => one.key.getPublicSSH().equals(key.getPublicSSH()))
    identity?.sign(data, hash).then(
      (signature) => {
        this.signed = key.getPublicSSH().toString('base64')
        done?.(null, signature)
      },
      (reason: unknown) => {
        const error = reason instanceof Error ? reason : new Error(String(reason))
        this.#notes.push(`${identity.label}: ${error.message}`)
        done?.(error)
      },
    )
  }
}

/** Hosts that use keyboard-interactive for plain passwords ask one hidden question; another one is not for us to answer. */
function answerOnce(secret: Secret, notes: string[]) {
  let given = false
  return (
    _name: string,
    _instructions: string,
    _language: string,
    prompts: { prompt: string; echo?: boolean }[],
    finish: (answers: string[]) => void,
  ) => {
    const [first] = prompts
    if (!given && prompts.length === 1 && first?.echo !== true) {
      given = true
      finish([secret.reveal()])
    } else {
      notes.push(`keyboard-interactive: the host asks "${prompts.map(({ prompt }) => prompt.trim()).join(' ')}"`)
      finish([])
    }
  }
}
