/** `1 host`, `3 hosts`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}

/** `a, b and 12 more`; all of them with `most` Infinity. */
export function listed(names: readonly string[], most: number): string {
  // One name in place of "1 more" costs no more room.
  if (names.length <= most + 1) return names.join(', ')
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}

/** `0.4 s`, `12 s`, `3:05 min`, `1:02:09 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 9_950) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 60) return `${seconds} s`
  const pad = (number: number) => String(number).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)} min`
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)} h`
}

/** `512 B`, `1.4 kB`, `12 MB`: thousands, as network tools count. */
export function bytes(number: number): string {
  if (number < 1000) return `${number} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = number
  let unit = 'B'
  for (const next of units) {
    if (value < 999.5) break
    value /= 1000
    unit = next
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** Columns that a text takes on a terminal: East Asian characters and pictures take two. */
export function columns(text: string): number {
  let sum = 0
  for (const character of text) sum += wide.test(character) ? 2 : combining.test(character) ? 0 : 1
  return sum
}

/** The text in at most so many columns, its end replaced by `…` when it is longer. */
export function fitted(text: string, width: number): string {
  if (columns(text) <= width) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    used += columns(character)
    if (used > width - 1) break
    kept += character
  }
  return `${kept}…`
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const combining = /\p{Mn}/u

/** The beginning of a text, which never ends in half a character. */
export function clipped(text: string, most: number): string {
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
}
