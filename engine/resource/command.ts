import type { LargeFile } from './large-file.ts'
import { quote } from './quote.ts'
import { Secret } from './secret.ts'
import { placeText, type SentFile, sentFile } from './sent-file.ts'
import {
  keepAttributesText,
  namesText,
  ownershipText,
  RENAME,
  requireSpaceText,
  specialBitsText,
  validateText,
  type WriteOptions,
} from './write-text.ts'

export { octal, quote } from './quote.ts'
export type { WriteOptions } from './write-text.ts'

/** Shell text that is safe to run: made by `sh` alone, so that every value in it is one quoted word. */
export class Command {
  /** Trusted POSIX shell text. */
  readonly text: string

  /** Secret texts that went in through stdin, so that what the host answers can be censored. */
  readonly secrets: readonly string[]

  /** What is sent to the host in pieces before the command runs. */
  readonly sent: SentFile | undefined

  constructor(text: string, secrets: readonly string[], token: typeof TRUSTED, sent?: SentFile) {
    if (token !== TRUSTED) throw new Error('commands are made by sh`…` only')
    this.text = text
    this.secrets = secrets
    this.sent = sent
  }
}

const TRUSTED = Symbol('trusted shell text')

/** A value that may stand in a command: one word, a list of words, or a command inlined as it is. */
export type Word = string | number | Command | readonly (string | number)[]

/** A file's content on its way to a host. */
export type Content = string | Buffer | Secret

/**
 * A command from a template: each interpolated text or number becomes exactly one quoted word, a list becomes its words,
 * a Command stands as it is. A Secret does not compile here: it goes through `sh.input` or `sh.write`.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly Word[]): Command {
  const secrets: string[] = []
  let text = strings[0] ?? ''
  values.forEach((value, index) => {
    if (value instanceof Command) secrets.push(...value.secrets)
    text += wordOf(value) + (strings[index + 1] ?? '')
  })
  return new Command(text, secrets, TRUSTED)
}

/** The commands one after the other, each only when the one before went well. */
sh.all = (commands: readonly Command[]): Command =>
  new Command(
    commands.length === 0 ? ':' : commands.map((command) => `{ ${textOf(command)}\n}`).join(' && '),
    commands.flatMap(({ secrets }) => secrets),
    TRUSTED,
  )

/** The command with `content` on its standard input; nothing of it shows in a process list or a temporary file. */
sh.input = (command: Command, content: Content): Command =>
  new Command(
    `${feed(content)} | { ${textOf(command)}\n}`,
    [...command.secrets, ...(content instanceof Secret ? [content.reveal()] : [])],
    TRUSTED,
  )

/**
 * Writes a whole file atomically: a temporary file beside it, 0600 from the first byte, then owner and mode, then content
 * checked by size, synced, renamed. Owner, group, mode, access list and SELinux label of a file that is there are kept unless given.
 */
sh.write = (path: string, content: Content, options: WriteOptions = {}): Command => {
  const size = bytesOf(content).length
  const text = [
    namesText(path),
    size < SENT_FROM ? '' : requireSpaceText(path, size),
    `trap 'rm -f -- "$t"' EXIT; trap 'exit 1' HUP INT PIPE TERM`,
    `if [ -e "$t" ] || [ -L "$t" ]; then rm -f -- "$t" || exit 1; fi`,
    `umask 077; set -C; exec 8>"$t" || exit 1; set +C`,
    `if [ -e "$p" ]; then ${keepAttributesText('"$t"')}; fi`,
    ownershipText(options, '"$t"'),
    fillText(content),
    `exec 8>&-; s=$(wc -c <"$t"); [ "$s" -eq ${size} ] || { echo "lockstep: wrote $s of ${size} bytes of $p: is the disk full, or a quota?" >&2; exit 1; }`,
    validateText(options),
    specialBitsText(options, '"$t"'),
    `sync -- "$t" 2>/dev/null || sync`,
    RENAME,
  ]
  return new Command(
    `( ${text.filter(Boolean).join('\n')}\n)`,
    content instanceof Secret ? [content.reveal()] : [],
    TRUSTED,
  )
}

/**
 * As `sh.write`, for content that is too much for a command: its bytes go to the temporary file before, in pieces and as they are, and
 * go on where an interrupted run has stopped. It stands alone: no other command can hold it.
 */
sh.send = (path: string, content: Buffer | LargeFile, options: WriteOptions = {}): Command => {
  const sent = sentFile(path, content)
  return new Command(`( ${placeText(sent, options)}\n)`, [], TRUSTED, sent)
}

/** From here on the disk is asked before anything is sent to it, and what is no secret is sent in pieces. */
export const SENT_FROM = 1024 * 1024

function wordOf(value: Word): string {
  if (value instanceof Command) return textOf(value)
  if (Array.isArray(value)) return value.map((word) => quote(String(word))).join(' ')
  if (typeof value === 'string' || typeof value === 'number') return quote(String(value))
  throw new Error('only words, lists of words and commands can stand in sh`…`; a secret goes through stdin')
}

function textOf({ text, sent }: Command): string {
  if (sent) throw new Error('a command that has a file sent before it stands alone')
  return text
}

/**
 * Fills the file that descriptor 8 is. What every shell takes for itself is written by the shell, without a process; it says nothing of
 * why it could not, so another one is asked then.
 */
function fillText(content: Content): string {
  const explain = `{ e=\${e%%'\n'*}; echo "lockstep: $p could not be written: \${e##*: }" >&2; exit 1; }`
  const plain = plainText(content)
  if (plain === '') return ''
  if (plain === undefined) return `e=$(${feed(content)} 2>&1 >&8) || ${explain}`
  return `printf %s ${quote(plain)} >&8 2>/dev/null || { e=$(head -c 65536 /dev/zero 2>&1 >&8); ${explain}; }`
}

/** The text of a command without what it writes or feeds: a file may hold what nobody marked as a secret. */
export function withoutContents(text: string): string {
  return text
    .replace(/printf %s (?:'(?:[^']|'\\'')*'|[^\s']+) >&8/g, 'printf %s … >&8')
    .replace(/printf %s '?(?:[A-Za-z0-9+/=]{40,}|[A-Za-z0-9+/=]+(?= \| base64 -d))'?/g, 'printf %s …')
}

/** What is nothing but printable ASCII and line ends, and no secret. */
function plainText(content: Content): string | undefined {
  if (content instanceof Secret) return undefined
  const text = typeof content === 'string' ? content : content.toString('latin1')
  return /^[\n\t -~]*$/.test(text) ? text : undefined
}

/** printf is a builtin of every shell: its argument is in no process list. */
function feed(content: Content): string {
  const bytes = bytesOf(content)
  return bytes.length === 0 ? ':' : `printf %s ${quote(bytes.toString('base64'))} | base64 -d`
}

function bytesOf(content: Content): Buffer {
  return Buffer.isBuffer(content) ? content : Buffer.from(content instanceof Secret ? content.reveal() : content)
}
