import { type Command, sh } from '../../engine/resource/command.ts'
import type { Secret } from '../../engine/resource/secret.ts'
import { asAccount } from '../files/owned-file.ts'
import { inPrivateFolder } from '../files/private-folder.ts'
import { answers, passphraseOf, withPassphrase } from './key-pair.ts'
import type { CertificateWish } from './ssh-cert-faults.ts'

/** A certificate to be signed. */
export interface Signing extends CertificateWish {
  path: string
  ca: string
  ca_passphrase?: Secret
  /** Type and blob of the public key. */
  key: string
  /** Account that keeps the CA, and does the work. */
  writer: string
}

/** Every certificate that a CA has signed here, one a line: serial, time, kind, key id, principals, validity, fingerprint of the key. */
export function recordOf(ca: string): string {
  return `${ca}.issued`
}

/**
 * Signs and records; one at a time for each CA, so that no serial number is given twice. What is recorded may not have come into
 * its place when the power goes; the reverse does not happen.
 */
export function sign({ kind = 'user', options = [], ...want }: Signing): Command {
  const { ca, path, identity, principals, writer } = want
  const passphrase = passphraseOf(want.ca_passphrase)
  const validity = `-5m:+${want.valid_for}`
  const names = principals.join(',')
  const rights = kind === 'host' ? ['-h'] : ['clear', ...options].flatMap((option) => ['-O', option])
  const words = ['-I', identity, '-n', names, '-V', validity, ...rights]
  const signing = sh`ssh-keygen -q -s ${ca} ${words} -z "$serial" "$t/key.pub"`
  const run = passphrase === undefined ? sh`${signing} </dev/null` : withPassphrase(signing)
  const script = sh`record=${recordOf(ca)}
exec 8>>"$record" || exit 1
flock 8 || exit 1
serial=$(awk -F '\t' '$1 + 0 > m { m = $1 + 0 } END { printf "%d", m + 1 }' "$record") || exit 1
printf '%s\n' ${want.key} >"$t/key.pub" || exit 1
${run} || exit 1
print=$(ssh-keygen -l -f "$t/key.pub" | cut -d ' ' -f 2) || exit 1
printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$serial" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" ${kind} ${identity} ${names} ${validity} "$print" >&8 || exit 1
sync -- "$record" 2>/dev/null || sync
chmod 0644 -- "$t/key-cert.pub" && { sync -- "$t/key-cert.pub" 2>/dev/null || sync; } && mv -fT -- "$t/key-cert.pub" ${path}`
  return asAccount(writer, inPrivateFolder(path, script), answers(passphrase, 1))
}
