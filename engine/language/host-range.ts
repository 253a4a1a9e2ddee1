/**
 * The names that a pattern of an inventory stands for: `web[01:03]` is web01, web02, web03; `db-[a:c]` counts letters; a third
 * number is the step. The zeros of the first number are kept. Undefined when a range is none, or stands for more names
 * than `MOST_HOSTS`.
 */
export function expandRange(pattern: string): string[] | undefined {
  const match = /^(.*?)\[([^\]]*)\](.*)$/.exec(pattern)
  if (!match) return [pattern]
  const [, before = '', range = '', after = ''] = match
  const middle = expandOne(range)
  const rest = middle && expandRange(after)
  if (!rest || middle.length * rest.length > MOST_HOSTS) return undefined
  return middle.flatMap((part) => rest.map((end) => before + part + end))
}

/** Names that one pattern may stand for. */
export const MOST_HOSTS = 100_000

function expandOne(range: string): string[] | undefined {
  const [first = '', last = '', stepText = '1', ...more] = range.split(':')
  const step = Number(stepText)
  if (more.length > 0 || !Number.isInteger(step) || step < 1) return undefined
  if (/^[a-z]$/.test(first + last.slice(1)) || /^[A-Z]$/.test(first + last.slice(1))) {
    if (last.length !== 1) return undefined
    return count(first.charCodeAt(0), last.charCodeAt(0), step)?.map((code) => String.fromCharCode(code))
  }
  if (!/^\d*$/.test(first) || !/^\d+$/.test(last)) return undefined
  return count(Number(first || 0), Number(last), step)?.map((number) => String(number).padStart(first.length, '0'))
}

function count(first: number, last: number, step: number): number[] | undefined {
  const length = Math.floor((last - first) / step) + 1
  return length < 1 || length > MOST_HOSTS ? undefined : Array.from({ length }, (_, index) => first + index * step)
}
