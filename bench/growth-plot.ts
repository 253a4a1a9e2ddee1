import type { Line } from './growth-figures.ts'
import { escaped, number, round, text } from './plot.ts'

const WIDTH = 760
const PANEL = 330
const HEIGHT = 300
const LEFT = 56
const TOP = 60
const BOTTOM = 44
const COLOURS = ['#0b7a75', '#c0392b', '#3b5ba5', '#e08e45']

export interface GrowthPlot {
  title: string
  axis: string
  lines: readonly Line[]
}

/** Time on the left and memory on the right over what grows, both logarithmic: what is linear rises as the grey lines do. SVG as text. */
export function growthPlotText({ title, axis, lines }: GrowthPlot): string {
  const panels = [
    panelText({ x: 0, label: 'CPU of the controller, s', axis, lines, of: ({ cpuMs }) => cpuMs / 1000 }),
    panelText({ x: WIDTH - PANEL - 20, label: 'memory, MiB', axis, lines, of: ({ memoryMiB }) => memoryMiB }),
  ]
  const names = lines.map(({ phase }, at) => {
    const x = LEFT + at * 150
    return `<rect x="${x}" y="28" width="12" height="4" fill="${COLOURS[at]}"/>${text(x + 18, 34, phase, 'start')}`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font:12px sans-serif;fill:#222}.heading{font-weight:bold}.grid{stroke:#ddd}.linear{stroke:#bbb;stroke-dasharray:4 3}</style>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(8, 18, title, 'start', 'heading'),
    ...names,
    ...panels,
    '</svg>\n',
  ].join('\n')
}

interface Panel {
  x: number
  label: string
  axis: string
  lines: readonly Line[]
  of: (figure: Line['points'][number]) => number
}

function panelText({ x: start, label, axis, lines, of }: Panel): string {
  const points = lines.flatMap((line) => line.points)
  const across = scale(
    points.map(({ size }) => size),
    start + LEFT,
    start + PANEL,
  )
  const up = scale(points.map(of), HEIGHT - BOTTOM, TOP)
  const bottom = HEIGHT - BOTTOM
  const grid = [
    ...up.decades.map(
      (at) =>
        `<line x1="${start + LEFT}" x2="${start + PANEL}" y1="${up.place(at)}" y2="${up.place(at)}" class="grid"/>${text(start + LEFT - 5, up.place(at) + 4, number(at), 'end')}`,
    ),
    ...across.decades.map(
      (at) =>
        `<line x1="${across.place(at)}" x2="${across.place(at)}" y1="${TOP}" y2="${bottom}" class="grid"/>${text(across.place(at), bottom + 16, short(at), 'middle')}`,
    ),
  ]
  const [least, most] = [Math.min(...points.map(({ size }) => size)), Math.max(...points.map(({ size }) => size))]
  const guides = up.decades.flatMap((at) => {
    // From where it enters to where it leaves the panel.
    const to = Math.min(at * (most / least), up.decades.at(-1) ?? at)
    if (to <= at) return []
    return `<line x1="${across.place(least)}" y1="${up.place(at)}" x2="${across.place((least * to) / at)}" y2="${up.place(to)}" class="linear"/>`
  })
  const drawn = lines.map((line, at) => {
    const places = line.points.map((point) => `${across.place(point.size)},${up.place(of(point))}`)
    const dots = places.map(
      (place) => `<circle cx="${place.split(',')[0]}" cy="${place.split(',')[1]}" r="3" fill="${COLOURS[at]}"/>`,
    )
    return `<polyline points="${places.join(' ')}" fill="none" stroke="${COLOURS[at]}" stroke-width="2"/>${dots.join('')}`
  })
  return [
    text(start + LEFT, TOP - 8, label, 'start'),
    ...grid,
    ...guides,
    ...drawn,
    text(start + (LEFT + PANEL) / 2, HEIGHT - 8, axis, 'middle'),
  ].join('\n')
}

/** A logarithmic scale that begins and ends at a power of ten. */
function scale(values: readonly number[], from: number, to: number) {
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))))
  const decades = Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at))
  return {
    decades,
    place: (value: number) => round(from + ((Math.log10(value) - first) / (last - first)) * (to - from)),
  }
}

function short(value: number): string {
  if (value >= 1e9) return `${value / 1e9}G`
  if (value >= 1e6) return `${value / 1e6}M`
  return value >= 1e3 ? `${value / 1e3}k` : number(value)
}
