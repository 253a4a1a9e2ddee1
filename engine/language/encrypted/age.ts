import type { Secret } from '../../resource/secret.ts'

/** For whom a file is encrypted: people by their public keys, or who knows a passphrase. */
export type Readers = { recipients: readonly string[] } | { passphrase: Secret }

/** Why content cannot be opened. */
export type AgeFailure = 'no key fits' | 'damaged'

/** The content as an age file (age-encryption.org/v1) in letters, so that it lies well in a repository. */
export async function sealAge(content: Buffer, readers: Readers): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  if ('passphrase' in readers) encrypter.setPassphrase(readers.passphrase.reveal())
  else for (const recipient of readers.recipients) encrypter.addRecipient(recipient)
  return armor.encode(await encrypter.encrypt(content))
}

/** The content of an age file, in letters or bytes, for those who have one of the identities or the passphrase. */
export async function openAge(
  sealed: Buffer,
  keys: { identities?: readonly Secret[]; passphrase?: Secret },
): Promise<Buffer | AgeFailure> {
  const { armor, Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const identity of keys.identities ?? []) decrypter.addIdentity(identity.reveal())
  if (keys.passphrase) decrypter.addPassphrase(keys.passphrase.reveal())
  try {
    const text = sealed.toString('latin1').trimStart()
    const bytes = text.startsWith('-----BEGIN') ? armor.decode(text) : sealed
    return Buffer.from(await decrypter.decrypt(bytes))
  } catch (error) {
    // The library throws plain errors whose texts are its own; none of them holds what was decrypted.
    if (!(error instanceof Error)) throw error
    return error.message.startsWith('no identity matched') ? 'no key fits' : 'damaged'
  }
}

/** Whether an age file is closed with a passphrase and not for people's keys. */
export function needsPassphrase(sealed: Buffer): boolean {
  const text = sealed.toString('latin1').trimStart()
  const [, body = ''] = /^-----BEGIN AGE ENCRYPTED FILE-----\r?\n([\s\S]*?)-----END/.exec(text) ?? []
  const header = body === '' ? text : Buffer.from(body, 'base64').toString('latin1')
  return /^age-encryption\.org\/v1\n-> scrypt /.test(header)
}

/** Whether a line is the public key of a person or a machine. */
export function isRecipient(line: string): boolean {
  return /^age1(pq1)?[02-9ac-hj-np-z]{20,}$/.test(line)
}

/** A new identity and the public key that goes with it. */
export async function newIdentity(): Promise<{ identity: string; recipient: string }> {
  const { generateIdentity, identityToRecipient } = await import('age-encryption')
  const identity = await generateIdentity()
  return { identity, recipient: await identityToRecipient(identity) }
}

/** The public key of an identity; undefined when it is none. */
export async function recipientOf(identity: Secret): Promise<string | undefined> {
  const { identityToRecipient } = await import('age-encryption')
  try {
    return await identityToRecipient(identity.reveal())
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
