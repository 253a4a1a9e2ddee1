import { createHash } from 'node:crypto'
import { octal, quote } from './quote.ts'

/** How a written file shall be owned and be open to others; what is left out stays as it was, or is root's and 0644 when new. */
export interface WriteOptions {
  mode?: number | undefined
  owner?: string | undefined
  group?: string | undefined
  /** A command that must succeed on the new file before it takes the old one's place; `%s` stands for the file, as in `visudo -cf %s`. */
  validate?: string | undefined
}

/**
 * The temporary file beside a path, in which what shall take its place is made ready. That of one path is always the same, so that
 * what an interrupted run left behind is gone, or taken up, with the next try.
 */
export function temporaryOf(path: string): string {
  const slash = path.lastIndexOf('/')
  const mark = createHash('sha256')
    .update(path.slice(slash + 1))
    .digest('hex')
    .slice(0, 16)
  return `${path.slice(0, slash + 1)}.lockstep-${mark}`
}

/** Shell text for the names that the rest goes by: `$p` for the path and `$t` for its temporary file; nothing is done by way of somebody's link. */
export function namesText(path: string): string {
  return `t=${quote(temporaryOf(path))}; p=${quote(path)}\n${REFUSE_LINKS}`
}

/** A link that somebody has led to a folder which is not theirs is followed by nobody else, as the kernel has it in /tmp (protected_symlinks). */
const REFUSE_LINKS = `w=$p; while [ "$w" != "\${w%/*}" ]; do w=\${w%/*}; [ -L "$w" ] || continue
o=$(stat -c %u -- "$w"); case $o in 0|"$(id -u)"|"$(stat -L -c %u -- "$w")") continue;; esac
echo "lockstep: $w is a link of $(stat -c %U -- "$w") to a folder of somebody else, so it is not followed" >&2; exit 1; done`

/**
 * Gives the new file the attributes of the old one, which is there; `file` is shell text for the new one, `feed` for what it needs on
 * its input. `cp` of coreutils takes the access list along with the mode; busybox has neither.
 */
export function keepAttributesText(file: string, feed = ''): string {
  return `cp --attributes-only --preserve=mode,ownership -- "$p" ${file} 2>/dev/null${feed} ||
{ chown -- "$(stat -c %u:%g -- "$p")" ${file}${feed} && chmod -- "$(stat -c %a -- "$p")" ${file}${feed}; } || exit 1
[ ! -e /sys/fs/selinux/enforce ] || chcon --reference="$p" -- ${file}${feed} || exit 1`
}

/** Puts the new file in the place of the old one; there is nothing to be cleaned up any more. */
export const RENAME = `mv -fT -- "$t" "$p" || { a=$(lsattr -d -- "$p" 2>/dev/null); case \${a%% *} in *i*) echo "lockstep: $p is immutable (chattr +i)" >&2;; esac; exit 1; }
trap - EXIT`

/** Ends the command when the file system of the folder has no room for so many bytes; one that cannot tell is tried. */
export function requireSpaceText(path: string, size: number): string {
  const needed = Math.ceil(size / 1024)
  return `k=$(df -Pk -- ${quote(folderOf(path))} 2>/dev/null | { read -r h; read -r f b u k h; echo "$k"; })
case $k in ''|*[!0-9]*);; *) [ "$k" -gt ${needed} ] || { echo "lockstep: $p needs ${needed} KiB, and $k KiB are free there" >&2; exit 1; };; esac`
}

/** Tries the new file, whose name is `$t`. */
export function validateText({ validate }: WriteOptions): string {
  return validate === undefined ? '' : `( ${validate.replaceAll('%s', '"$t"')}\n) >&2 || exit 1`
}

/** Gives `file` once more the bits that whoever is not root loses by writing. */
export function specialBitsText({ mode = 0 }: WriteOptions, file: string, feed = ''): string {
  return (mode & 0o6000) === 0 ? '' : `chmod ${octal(mode)} -- ${file}${feed} || exit 1`
}

/** Owner and group as chown takes them. */
export function ownerOf({ owner, group }: WriteOptions): string | undefined {
  if (owner === undefined) return group === undefined ? undefined : `:${group}`
  return group === undefined ? owner : `${owner}:${group}`
}

/** Shell text that gives `file` its owner and mode. */
export function ownershipText(options: WriteOptions, file: string, feed = ''): string {
  const own = ownerOf(options)
  const { mode } = options
  return [
    own === undefined ? '' : `chown -- ${quote(own)} ${file}${feed} || exit 1`,
    mode !== undefined
      ? `chmod ${octal(mode)} -- ${file}${feed} || exit 1`
      : `[ -e "$p" ] || chmod 0644 -- ${file}${feed} || exit 1`,
  ]
    .filter(Boolean)
    .join('\n')
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
