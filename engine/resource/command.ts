import { randomBytes } from 'node:crypto'
import { Secret } from './secret.ts'

/** Shell text that is safe to run: made by `sh` alone, so that every value in it is one quoted word. */
export class Command {
  /** Trusted POSIX shell text. */
  readonly text: string

  /** Secret texts that went in through stdin, so that what the host answers can be censored. */
  readonly secrets: readonly string[]

  constructor(text: string, secrets: readonly string[], token: typeof TRUSTED) {
    if (token !== TRUSTED) throw new Error('commands are made by sh`…` only')
    this.text = text
    this.secrets = secrets
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
    commands.length === 0 ? ':' : commands.map(({ text }) => `{ ${text}\n}`).join(' && '),
    commands.flatMap(({ secrets }) => secrets),
    TRUSTED,
  )

/** The command with `content` on its standard input; nothing of it shows in a process list or a temporary file. */
sh.input = (command: Command, content: Content): Command =>
  new Command(
    `${feed(content)} | { ${command.text}\n}`,
    [...command.secrets, ...(content instanceof Secret ? [content.reveal()] : [])],
    TRUSTED,
  )

/** How a written file shall be owned and be open to others; what is left out stays as it was, or is root's and 0644 when new. */
export interface WriteOptions {
  mode?: number | undefined
  owner?: string | undefined
  group?: string | undefined
  /** A command that must succeed on the new file before it takes the old one's place; `%s` stands for the file, as in `visudo -cf %s`. */
  validate?: string | undefined
}

/**
 * Writes a whole file atomically: a temporary file beside it, 0600 from the first byte, then owner and mode, then content
 * checked by size, synced, renamed. Owner, mode and group of a file that is there are kept unless given.
 */
sh.write = (path: string, content: Content, options: WriteOptions = {}): Command => {
  const slash = path.lastIndexOf('/')
  const temporary = `${path.slice(0, slash + 1)}.lockstep-${randomBytes(8).toString('hex')}`
  const size = bytesOf(content).length
  const own = ownerOf(options)
  const text = [
    `t=${quote(temporary)}; p=${quote(path)}`,
    `trap 'rm -f -- "$t"' EXIT; trap 'exit 1' HUP INT TERM`,
    `umask 077; set -C; : >"$t" || exit 1; set +C`,
    own !== undefined
      ? `chown -- ${quote(own)} "$t" || exit 1`
      : `if [ -e "$p" ]; then chown --reference="$p" -- "$t" || exit 1; fi`,
    `${feed(content)} >>"$t" || exit 1`,
    `s=$(wc -c <"$t"); [ "$s" -eq ${size} ] || { echo "lockstep: wrote $s of ${size} bytes of $p: is the disk full?" >&2; exit 1; }`,
    options.validate === undefined ? '' : `( ${options.validate.replaceAll('%s', '"$t"')}\n) >&2 || exit 1`,
    options.mode !== undefined
      ? `chmod ${octal(options.mode)} -- "$t" || exit 1`
      : `if [ -e "$p" ]; then chmod --reference="$p" -- "$t" || exit 1; else chmod 0644 -- "$t" || exit 1; fi`,
    `sync -- "$t" 2>/dev/null || sync`,
    `mv -fT -- "$t" "$p" || exit 1`,
  ]
  return new Command(
    `( ${text.filter(Boolean).join('\n')}\n)`,
    content instanceof Secret ? [content.reveal()] : [],
    TRUSTED,
  )
}

/** One word of POSIX shell, whatever it holds but a NUL, which no argument can carry. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new Error('a shell word cannot hold a NUL byte')
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Four octal digits, as in 0644. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

function wordOf(value: Word): string {
  if (value instanceof Command) return value.text
  if (Array.isArray(value)) return value.map((word) => quote(String(word))).join(' ')
  if (typeof value === 'string' || typeof value === 'number') return quote(String(value))
  throw new Error('only words, lists of words and commands can stand in sh`…`; a secret goes through stdin')
}

/** printf is a builtin of every shell: its argument is in no process list. */
function feed(content: Content): string {
  const bytes = bytesOf(content)
  return bytes.length === 0 ? ':' : `printf %s ${quote(bytes.toString('base64'))} | base64 -d`
}

function bytesOf(content: Content): Buffer {
  return Buffer.isBuffer(content) ? content : Buffer.from(content instanceof Secret ? content.reveal() : content)
}

function ownerOf({ owner, group }: WriteOptions): string | undefined {
  if (owner === undefined) return group === undefined ? undefined : `:${group}`
  return group === undefined ? owner : `${owner}:${group}`
}
