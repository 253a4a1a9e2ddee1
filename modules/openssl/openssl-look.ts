import type { KeyObject } from 'node:crypto'
import { sh } from '../../engine/resource/command.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import { type FileState, type RawState, read } from '../../engine/resource/read.ts'
import { parsePublicKey } from './x509.ts'

/** The program itself, as Debian installs it. */
export const opensslRead = read.status('/usr/bin/openssl')

/** Fails on a host that has no openssl. */
export function requireOpenssl(tool: FileState): void {
  if (tool.type === 'absent')
    throw new TaskFailure('the host has no openssl', 'install the package openssl before this task')
}

/** The public half of a private key. Only openssl on the host can tell it, unless the key were brought to the controller. */
export function publicKeyRead(path: string) {
  return read.raw(
    `openssl-public-key:${path}`,
    sh`if [ -f ${path} ] && [ ! -L ${path} ]; then openssl pkey -in ${path} -passin pass: -pubout 2>/dev/null; fi; :`,
  )
}

/** What the look has found; undefined when there is no key that can be read without a passphrase. */
export function publicKeyOf({ stdout }: RawState): KeyObject | undefined {
  return parsePublicKey(stdout.toString('latin1'))
}

/** A public key as PEM text. */
export function publicKeyText(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

export function isSameKey(a: KeyObject, b: KeyObject): boolean {
  return publicKeyText(a) === publicKeyText(b)
}

/** The clock and the account of whoever signs: no file has them, and a certificate is judged by the clock of its host. */
export const signerRead = read.raw('signer', sh`printf '%s %s %s' "$(date +%s)" "$(id -un)" "$(id -gn)"`)

export interface Signer {
  /** Seconds since 1970. */
  now: number
  user: string
  group: string
}

/** Who looked, and when; fails when the host did not say. */
export function signerOf({ stdout }: RawState): Signer {
  const [now = '', user = '', group = ''] = stdout.toString('utf8').split(' ')
  if (!/^\d{1,15}$/.test(now)) throw new TaskFailure('the host does not tell its time', 'it needs `date` and `id`')
  return { now: Number(now), user, group }
}
