import { stripVTControlCharacters } from 'node:util'

/**
 * Text from a host, safe to print: whole escape sequences are dropped; every other control character, and those that
 * turn the direction of writing or are invisible, is replaced by a visible mark. Line ends and tabs stay.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text.replaceAll('\r\n', '␍\n')).replace(unsafe, mark)
}

/** The same for text that has to stay on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '␤').replaceAll('\t', ' ')
}

/** C0 but tab and line feed, DEL, C1, the marks of direction, what has no width, the other line ends, lone surrogates. */
const unsafe =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]/gu

/** Unicode has pictures of C0 and DEL; the rest shows its number. */
function mark(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '␡'
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`
}
