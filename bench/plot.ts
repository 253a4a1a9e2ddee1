/** A bar with its spread. */
export interface Bar {
  label: string
  colour: string
  value: number
  least: number
  most: number
}

export interface Plot {
  title: string
  unit: string
  groups: readonly { label: string; bars: readonly Bar[] }[]
}

const BAR = 16
const GAP = 14
const LEFT = 190
const WIDTH = 760
const TOP = 54
const RIGHT = 70

/** Horizontal bars in groups, on a logarithmic scale since tools differ by a hundred; SVG as text. */
export function plotText({ title, unit, groups }: Plot): string {
  const bars = groups.flatMap((group) => group.bars)
  const first = 10 ** Math.floor(Math.log10(Math.min(...bars.map(({ least }) => least))))
  const last = 10 ** Math.ceil(Math.log10(Math.max(...bars.map(({ most }) => most)) + 1e-9))
  const span = Math.log10(last / first) || 1
  const x = (value: number) => round(LEFT + (Math.log10(value / first) / span) * (WIDTH - LEFT - RIGHT))
  const height = TOP + groups.reduce((sum, group) => sum + group.bars.length * BAR + GAP + 18, 0) + 10
  const lines = decades(first, last).map(
    (at) =>
      `<line x1="${x(at)}" x2="${x(at)}" y1="${TOP - 8}" y2="${height - 10}" class="grid"/>${text(x(at), TOP - 12, number(at), 'middle')}`,
  )
  let y = TOP
  const drawn = groups.flatMap(({ label, bars: own }) => {
    const heading = text(8, y + 12, label, 'start', 'heading')
    y += 18
    const rows = own.map((bar) => {
      const row = barText(bar, x, y)
      y += BAR
      return row
    })
    y += GAP
    return [heading, ...rows]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style}</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(8, 20, `${title}, in ${unit} (shorter is better; logarithmic)`, 'start', 'heading'),
    ...lines,
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

function barText({ label, colour, value, least, most }: Bar, x: (value: number) => number, y: number): string {
  const middle = y + BAR / 2
  const bar = `<rect x="${LEFT}" y="${y + 2}" width="${round(Math.max(1, x(value) - LEFT))}" height="${BAR - 4}" fill="${colour}"/>`
  const whisker = `<line x1="${x(least)}" x2="${x(most)}" y1="${middle}" y2="${middle}" class="whisker"/>`
  return `${text(LEFT - 6, y + 12, label, 'end')}${bar}${whisker}${text(x(most) + 5, y + 12, number(value), 'start')}`
}

/** Words at a place of a plot. */
export function text(x: number, y: number, words: string, anchor: string, kind = 'plain'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}">${escaped(words)}</text>`
}

function decades(first: number, last: number): number[] {
  const all: number[] = []
  for (let at = first; at <= last * 1.0001; at *= 10) all.push(at)
  return all
}

/** Three digits that count. */
export function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
}

/** A place in tenths of a pixel. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Words as they stand in XML. */
export function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

const style =
  'text{font:12px sans-serif;fill:#222}.heading{font-weight:bold}.grid{stroke:#ddd}.whisker{stroke:#222;stroke-width:1.5}'
