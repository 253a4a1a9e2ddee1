import { digestOf, type LargeFile } from './large-file.ts'
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

/** A file on its way to a host in pieces, each of which lies in the temporary file beside its path from then on. */
export interface SentFile {
  /** On the host. */
  path: string
  size: number
  sha256: string
  source: Buffer | LargeFile
}

export function sentFile(path: string, source: Buffer | LargeFile): SentFile {
  return Buffer.isBuffer(source)
    ? { path, size: source.length, sha256: digestOf(source), source }
    : { path, size: source.size, sha256: source.sha256, source }
}

/**
 * Opens what an earlier piece has left for more, when it is nobody's but ours: whoever may write to the folder could have put something
 * else in its place, a link above all. From then on descriptor 8 is meant, whose file nobody can exchange; `/proc/self/fd/0` is its name
 * for a program that has it as its input.
 */
const OPENED = `opened() { [ -f "$t" ] && [ ! -L "$t" ] && command exec 8>>"$t" &&
[ "$(stat -L -c '%d:%i %f %u %h' /proc/self/fd/0 <&8)" = "$(stat -c %d:%i -- "$t") 8180 $(id -u) 1" ]; }
size() { stat -L -c %s /proc/self/fd/0 <&8; }
digest() { d=$(sha256sum /proc/self/fd/0 <&8) && echo "\${d%% *}"; }`

const GONE = `{ echo "lockstep: what was sent of $p is not there any more" >&2; exit 1; }`

/** Shell text that says how many bytes of the file have come in an earlier run, and their SHA-256; nothing when there are none to go on from. */
export function foundText({ path, size }: SentFile): string {
  return `${namesText(path)}
${OPENED}
{ opened; } 2>/dev/null && s=$(size) && [ "$s" -gt 0 ] && [ "$s" -le ${size} ] && d=$(digest) && echo "$s $d"
:`
}

/** Shell text that opens the temporary file as descriptor 8, for a piece that begins at `from`. */
export function openText({ path, size }: SentFile, from: number): string {
  const open =
    from === 0
      ? `rm -f -- "$t" || exit 1\numask 077; set -C; command exec 8>"$t" || exit 1; set +C`
      : `${OPENED}\nopened && [ "$(size)" -eq ${from} ] || ${GONE}`
  return [namesText(path), requireSpaceText(path, size - from), open].join('\n')
}

/** Shell text for when a piece could not be written, for which `$e` holds the reason: a full disk is not left full. */
export const UNWRITTEN = `rm -f -- "$t"; echo "lockstep: $p could not be written: \${e##*: }" >&2`

/** Shell text that makes sure that the file has come whole, and stays if the power goes. */
export function provedText({ path, size, sha256 }: SentFile): string {
  return `${namesText(path)}
${OPENED}
opened || ${GONE}
[ "$(size)" -eq ${size} ] && [ "$(digest)" = ${sha256} ] || {
rm -f -- "$t"; echo "lockstep: what has come of $p is not what was planned: was its source changed meanwhile?" >&2; exit 1; }
sync -- "$t" 2>/dev/null || sync`
}

/**
 * Shell text that gives the file its owner and mode, tries it, and puts it in its place. What ends this from outside leaves the file for
 * the next run; what is wrong with it leaves nothing.
 */
export function placeText({ path, size }: SentFile, options: WriteOptions): string {
  const feed = ' <&8'
  const file = '/proc/self/fd/0'
  return [
    namesText(path),
    OPENED,
    `opened && [ "$(size)" -eq ${size} ] || ${GONE}`,
    `trap 'rm -f -- "$t"' EXIT; trap 'trap - EXIT; exit 1' HUP INT PIPE TERM`,
    `if [ -e "$p" ]; then ${keepAttributesText(file, feed)}; fi`,
    ownershipText(options, file, feed),
    validateText(options),
    specialBitsText(options, file, feed),
    RENAME,
  ]
    .filter(Boolean)
    .join('\n')
}
