/** A mode as chmod(1) reads it: three or four octal digits, or symbolic clauses such as `u=rwX,go=rX`. */
export const MODE_PATTERN = '^([0-7]{3,4}|[ugoa]*([-+=]([ugo]|[rwxXst]*))+(,[ugoa]*([-+=]([ugo]|[rwxXst]*))+)*)$'

const SETUID = 0o4000
const SETGID = 0o2000
const STICKY = 0o1000
const ALL = 0o7777

const AFFECTED: Readonly<Record<string, number>> = { u: SETUID | 0o700, g: SETGID | 0o070, o: STICKY | 0o007, a: ALL }
const VALUE: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, X: 0, s: SETUID | SETGID, t: STICKY }
const COPIED: Readonly<Record<string, number>> = { u: 0o700, g: 0o070, o: 0o007 }

/** Every session on a host has this mask; it counts where a clause names nobody, as in `+w`. */
const UMASK = 0o022

/**
 * The permission bits that `mode` leads to. A symbolic mode starts from the bits that are there: those of a new file (0644)
 * unless given. The rules are those of GNU chmod(1), but octal digits always name all bits, also on a directory.
 */
export function modeOf(mode: string, current: { mode?: number; directory?: boolean } = {}): number {
  if (/^[0-7]+$/.test(mode)) return Number.parseInt(mode, 8)
  const directory = current.directory === true
  let bits = current.mode ?? (directory ? 0o755 : 0o644)
  for (const clause of mode.split(',')) {
    const [, who = '', operations = ''] = /^([ugoa]*)(.*)$/.exec(clause) ?? []
    const affected = [...who].reduce((sum, letter) => sum | (AFFECTED[letter] ?? 0), 0)
    for (const [, operator = '', letters = ''] of operations.matchAll(/([-+=])([^-+=]*)/g)) {
      bits = adjust(bits, { operator, letters, affected, directory })
    }
  }
  return bits
}

interface Operation {
  operator: string
  letters: string
  affected: number
  directory: boolean
}

function adjust(bits: number, { operator, letters, affected, directory }: Operation): number {
  let value = COPIED[letters] === undefined ? 0 : copied(bits & COPIED[letters])
  for (const letter of letters) value |= VALUE[letter] ?? 0
  // A directory keeps its setuid and setgid bits unless they are named: they mean inheritance there.
  const named = COPIED[letters] === undefined ? value & (affected || ALL) : COPIED[letters]
  const kept = directory ? (SETUID | SETGID) & ~named : 0
  if (letters.includes('X') && (directory || (bits & 0o111) !== 0)) value |= 0o111
  value &= (affected || ~UMASK) & ~kept
  if (operator === '+') return bits | value
  if (operator === '-') return bits & ~value
  return (bits & ((affected === 0 ? 0 : ~affected) | kept) & ALL) | value
}

/** One party's bits, given to all three. */
function copied(bits: number): number {
  return (bits & 0o444 ? 0o444 : 0) | (bits & 0o222 ? 0o222 : 0) | (bits & 0o111 ? 0o111 : 0)
}
