import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'

/** What the first line of a vault says. */
export interface VaultHeader {
  version: string
  cipher: string
  /** The vault id that its password goes by; undefined in version 1.1. */
  label: string | undefined
}

/** The first line of a vault: `$ANSIBLE_VAULT;1.2;AES256;label`. */
export function vaultHeader(vault: string): VaultHeader {
  const [, version = '', cipher = '', label] = (vault.trimStart().split('\n')[0] ?? '').trim().split(';')
  return { version, cipher, label: label === undefined || label === '' ? undefined : label }
}

/**
 * The clear text of a vault in Ansible's format 1.1 or 1.2 (docs.ansible.com, "Format of files encrypted with Ansible Vault"):
 * PBKDF2 with SHA-256 gives the keys of AES-256-CTR and HMAC-SHA256. Undefined with a wrong password.
 */
export function openVault(vault: string, password: string): string | undefined {
  const body = vault.trimStart().split('\n').slice(1).join('').replace(/\s/g, '')
  const [salt, hmac, ciphertext] = fromHex(body).toString('latin1').split('\n').map(fromHex)
  if (!salt || !hmac || !ciphertext) return undefined
  const derived = pbkdf2Sync(password, salt, 10_000, 80, 'sha256')
  const [key, hmacKey, counter] = [derived.subarray(0, 32), derived.subarray(32, 64), derived.subarray(64)]
  const expected = createHmac('sha256', hmacKey).update(ciphertext).digest()
  if (expected.length !== hmac.length || !timingSafeEqual(expected, hmac)) return undefined
  const decipher = createDecipheriv('aes-256-ctr', key, counter)
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()])
  return padded.subarray(0, padded.length - (padded.at(-1) ?? 0)).toString('utf8')
}

function fromHex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}
