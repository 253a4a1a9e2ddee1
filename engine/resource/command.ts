import { createHash } from 'node:crypto'
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
 * checked by size, synced, renamed. Owner, group, mode, access list and SELinux label of a file that is there are kept unless given. The
 * temporary file of one path is always the same, so that what a lost power left behind is gone with the next try.
 */
sh.write = (path: string, content: Content, options: WriteOptions = {}): Command => {
  const slash = path.lastIndexOf('/')
  const mark = createHash('sha256')
    .update(path.slice(slash + 1))
    .digest('hex')
    .slice(0, 16)
  const size = bytesOf(content).length
  const own = ownerOf(options)
  const { mode } = options
  const text = [
    `t=${quote(`${path.slice(0, slash + 1)}.lockstep-${mark}`)}; p=${quote(path)}`,
    REFUSE_LINKS,
    size < LARGE ? '' : requireSpace(path.slice(0, slash) || '/', size),
    `trap 'rm -f -- "$t"' EXIT; trap 'exit 1' HUP INT PIPE TERM`,
    `rm -f -- "$t" || exit 1`,
    `umask 077; set -C; exec 8>"$t" || exit 1; set +C`,
    `if [ -e "$p" ]; then ${KEEP_ATTRIBUTES}; fi`,
    own === undefined ? '' : `chown -- ${quote(own)} "$t" || exit 1`,
    mode !== undefined ? `chmod ${octal(mode)} -- "$t" || exit 1` : `[ -e "$p" ] || chmod 0644 -- "$t" || exit 1`,
    `e=$(${feed(content)} 2>&1 >&8) || { e=\${e%%'\n'*}; echo "lockstep: $p could not be written: \${e##*: }" >&2; exit 1; }`,
    `exec 8>&-; s=$(wc -c <"$t"); [ "$s" -eq ${size} ] || { echo "lockstep: wrote $s of ${size} bytes of $p: is the disk full, or a quota?" >&2; exit 1; }`,
    options.validate === undefined ? '' : `( ${options.validate.replaceAll('%s', '"$t"')}\n) >&2 || exit 1`,
    // Whoever is not root loses these bits by writing.
    mode !== undefined && (mode & 0o6000) !== 0 ? `chmod ${octal(mode)} -- "$t" || exit 1` : '',
    `sync -- "$t" 2>/dev/null || sync`,
    `mv -fT -- "$t" "$p" || { ${EXPLAIN_IMMUTABLE}; exit 1; }`,
  ]
  return new Command(
    `( ${text.filter(Boolean).join('\n')}\n)`,
    content instanceof Secret ? [content.reveal()] : [],
    TRUSTED,
  )
}

/** From here on the disk is asked before anything is sent to it. */
const LARGE = 1024 * 1024

/** A link that somebody has led to a folder which is not theirs is followed by nobody else, as the kernel has it in /tmp (protected_symlinks). */
const REFUSE_LINKS = `w=$p; while [ "$w" != "\${w%/*}" ]; do w=\${w%/*}; [ -L "$w" ] || continue
o=$(stat -c %u -- "$w"); case $o in 0|"$(id -u)"|"$(stat -L -c %u -- "$w")") continue;; esac
echo "lockstep: $w is a link of $(stat -c %U -- "$w") to a folder of somebody else, so it is not followed" >&2; exit 1; done`

/** `cp` of coreutils takes the access list along with the mode; busybox has neither. */
const KEEP_ATTRIBUTES = `cp --attributes-only --preserve=mode,ownership -- "$p" "$t" 2>/dev/null ||
{ chown -- "$(stat -c %u:%g -- "$p")" "$t" && chmod -- "$(stat -c %a -- "$p")" "$t"; } || exit 1
[ ! -e /sys/fs/selinux/enforce ] || chcon --reference="$p" -- "$t" || exit 1`

const EXPLAIN_IMMUTABLE = `a=$(lsattr -d -- "$p" 2>/dev/null); case \${a%% *} in *i*) echo "lockstep: $p is immutable (chattr +i)" >&2;; esac`

/** Ends the command when the file system of the folder has no room for so many bytes; one that cannot tell is tried. */
function requireSpace(folder: string, size: number): string {
  const needed = Math.ceil(size / 1024)
  return `k=$(df -Pk -- ${quote(folder)} 2>/dev/null | { read -r h; read -r f b u k h; echo "$k"; })
case $k in ''|*[!0-9]*);; *) [ "$k" -gt ${needed} ] || { echo "lockstep: $p needs ${needed} KiB, and $k KiB are free there" >&2; exit 1; };; esac`
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
