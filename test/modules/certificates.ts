import { readFileSync } from 'node:fs'
import { ABSENT, type FileState, fileOf, type RawState } from '../../engine/resource/read.ts'
import { publicKeyText } from '../../modules/openssl/openssl-look.ts'
import { parseCertificates, parseRequest } from '../../modules/openssl/x509.ts'

/** PEM texts by the file that they were in, as openssl wrote them on a host on 2026-11-25. */
const texts = new Map(
  readFileSync(new URL('fixtures/certificates.txt', import.meta.url), 'utf8')
    .split(/^# /m)
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)] as const),
)

/** The text of a file among the fixtures. */
export function pem(name: string): string {
  const text = texts.get(name)
  if (text === undefined) throw new Error(`there is no fixture ${name}`)
  return text
}

/** What the look at a private key answers whose public half is in this certificate or request. */
export function keyOf(name: string): RawState {
  const key = parseCertificates(pem(name))[0]?.publicKey ?? parseRequest(pem(name))?.publicKey
  return says(key ? publicKeyText(key) : '')
}

export function says(text: string): RawState {
  return { code: 0, stdout: Buffer.from(text), stderr: Buffer.alloc(0) }
}

/** The clock and account of a host on a day. */
export function on(day: string, user = 'root'): RawState {
  return says(`${Date.parse(`${day}T12:00:00Z`) / 1000} ${user} ${user}`)
}

export const folder = (rest: Partial<FileState> = {}): FileState => ({
  ...{ type: 'directory', mode: 0o700, owner: 'root', group: 'root', size: 0 },
  ...rest,
})
export const file = (text: string, mode = 0o644): FileState => fileOf(text, { mode })
export const openssl: FileState = { ...file('', 0o755), size: 1 }
export { ABSENT }
