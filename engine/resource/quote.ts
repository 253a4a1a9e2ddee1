/** One word of POSIX shell, whatever it holds but a NUL, which no argument can carry. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new Error('a shell word cannot hold a NUL byte')
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Four octal digits, as in 0644. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
