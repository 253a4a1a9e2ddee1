import { type Command, octal, sh } from '../../engine/resource/command.ts'
import { type RawState, read } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { asAccount } from '../files/owned-file.ts'
import { inPrivateFolder } from '../files/private-folder.ts'
import { type PublicKey, parsePublicKey } from './openssh-key.ts'

/** What is in a private key file, as far as it can be told without its passphrase. */
export type KeyInside =
  | { kind: 'open'; key: PublicKey }
  | { kind: 'sealed'; fingerprint: string }
  /** There is none, or it cannot be read as a key. */
  | { kind: 'none' }

/**
 * The public half inside a private key. Only ssh-keygen, on the host, can tell whether the two files still belong together,
 * unless the private key were brought to the controller.
 */
export function keyInsideRead(path: string) {
  return read.raw(
    `key-pair:${path}`,
    sh`if [ -f ${path} ] && [ ! -L ${path} ]; then
ssh-keygen -y -P '' -f ${path} 2>/dev/null || { LC_ALL=C ssh-keygen -y -P '' -f ${path} 2>&1 >/dev/null | grep -q -e passphrase -e permissions && ssh-keygen -l -f ${path} 2>/dev/null; }
fi; :`,
  )
}

export function keyInside({ stdout }: RawState): KeyInside {
  const line = stdout.toString('utf8').trim()
  const key = parsePublicKey(line)
  if (key?.options === '') return { kind: 'open', key }
  const fingerprint = /^\d+ (SHA256:\S+) /.exec(line)?.[1]
  return fingerprint === undefined ? { kind: 'none' } : { kind: 'sealed', fingerprint }
}

/** Where a key pair lies, and whose it is. */
export interface KeyPlace {
  path: string
  /** Account that can change the folder, and does the work there. */
  writer: string
  owner: string
  group: string | undefined
}

export interface NewKeyPair extends KeyPlace {
  type: string
  size?: number | undefined
  comment?: string | undefined
  passphrase?: Secret | undefined
  mode: number
}

/** Makes a key pair where it is used. Both files come into their place whole, the private one first. */
export function generate({ type, size, comment, passphrase, mode, ...place }: NewKeyPair): Command {
  const { path, writer } = place
  const options = [...(size === undefined ? [] : ['-b', size]), ...(comment === undefined ? [] : ['-C', comment])]
  const make =
    passphrase === undefined
      ? sh`ssh-keygen -q -t ${type} ${options} -N '' -f "$t/key"`
      : withPassphrase(sh`ssh-keygen -q -t ${type} ${options} -f "$t/key"`)
  const script = sh`${make} || exit 1
${ownedBy(place, sh`"$t/key" "$t/key.pub"`)}
chmod ${octal(mode)} -- "$t/key" && chmod 0644 -- "$t/key.pub" || exit 1
sync -- "$t/key" "$t/key.pub" 2>/dev/null || sync
mv -fT -- "$t/key" ${path} && mv -fT -- "$t/key.pub" ${`${path}.pub`}`
  return asAccount(writer, inPrivateFolder(path, script), answers(passphrase, 2))
}

/** Gives the pair another comment, in both files; the key stays the same. */
export function comment({ path, writer }: KeyPlace, text: string, passphrase: Secret | undefined): Command {
  const change = sh`ssh-keygen -q -c -C ${text} -f ${path}`
  const run = passphrase === undefined ? sh`${change} -P ''` : withPassphrase(change)
  // A comment that the private half has already makes ssh-keygen leave the public one alone.
  const script = sh`{ ${run}
} >/dev/null || exit 1
IFS=' ' read -r type blob rest <${`${path}.pub`} || exit 1
cp -p -- ${`${path}.pub`} "$t/key.pub" && printf '%s %s %s\n' "$type" "$blob" ${text} >"$t/key.pub" || exit 1
mv -fT -- "$t/key.pub" ${`${path}.pub`}`
  return asAccount(writer, inPrivateFolder(path, script), answers(passphrase, 1))
}

/** Writes the public half anew; without a text it comes out of the private one, which holds it in the clear. */
export function publish(place: KeyPlace, text: string): Command {
  const { path, writer } = place
  const line = text === '' ? sh`ssh-keygen -e -f ${path} | ssh-keygen -i -f /dev/stdin` : sh`printf '%s' ${text}`
  const script = sh`${line} >"$t/key.pub" && [ -s "$t/key.pub" ] || exit 1
${ownedBy(place, sh`"$t/key.pub"`)}
chmod 0644 -- "$t/key.pub" && mv -fT -- "$t/key.pub" ${`${path}.pub`}`
  return asAccount(writer, inPrivateFolder(path, script))
}

function ownedBy({ writer, owner, group }: KeyPlace, files: Command): Command {
  return owner === writer && group === undefined ? sh`` : sh`chown -- ${`${owner}:${group ?? ''}`} ${files} || exit 1`
}

/**
 * ssh-keygen takes a passphrase from its arguments, where every process list shows it, from a terminal, or from a program
 * that it asks. This program hands on what comes over standard input, a line for each question.
 */
export function withPassphrase(command: Command): Command {
  return sh`printf '#!/bin/sh\nIFS= read -r line\nprintf "%%s\\\\n" "$line"\n' >"$t/ask" && chmod 0700 "$t/ask" || exit 1
SSH_ASKPASS="$t/ask" SSH_ASKPASS_REQUIRE=force ${command}`
}

export function answers(passphrase: Secret | undefined, times: number): Secret | undefined {
  return passphrase && new Secret(`${passphrase.reveal()}\n`.repeat(times))
}

/** What a task gives as a passphrase; an empty one is none, so that a variable can say either. */
export function passphraseOf(given: Secret | undefined): Secret | undefined {
  return given?.reveal() === '' ? undefined : given
}
