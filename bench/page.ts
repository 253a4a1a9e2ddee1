import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { allFigures, type Figure, phases, type Row, rowsOf, seconds } from './figures.ts'
import { growthPart } from './growth-page.ts'
import { plotText } from './plot.ts'

const PAGE = 'docs/performance.md'
const PLOTS = 'docs/performance'
const BEGIN = '<!-- figures: written by `npm run bench -- page` -->\n'
const END = '<!-- end of the figures -->'
const GROWTH_BEGIN = '<!-- growth: written by `npm run bench -- growth` -->\n'
const GROWTH_END = '<!-- end of growth -->'

const colours: Record<string, string> = {
  Lockstep: '#0b7a75',
  floor: '#888',
  login: '#bbb',
  Ansible: '#c0392b',
  Mitogen: '#e08e45',
}
const ORDER = Object.keys(colours)

/** Writes the tables and plots of all figures that were kept into the page. */
export function writePages(): void {
  mkdirSync(PLOTS, { recursive: true })
  const figures = allFigures()
  const cells = new Map<string, Figure[]>()
  for (const figure of figures) {
    const key = `${figure.job}-${figure.hosts}`
    cells.set(key, [...(cells.get(key) ?? []), figure])
  }
  const parts = [...cells].map(([key, own]) => partOf(key, own))
  const page = readFileSync(PAGE, 'utf8')
  const [before = '', rest = ''] = page.split(BEGIN)
  const after = rest.slice(rest.indexOf(END))
  writeFileSync(PAGE, withGrowth(`${before}${BEGIN}\n${parts.join('\n')}\n${after}`))
}

function withGrowth(page: string): string {
  const [before = '', rest = ''] = page.split(GROWTH_BEGIN)
  return `${before}${GROWTH_BEGIN}\n${growthPart()}\n${rest.slice(rest.indexOf(GROWTH_END))}`
}

function partOf(key: string, figures: readonly Figure[]): string {
  const [{ job, hosts } = { job: '', hosts: 0 }] = figures
  const delays = [...new Set(figures.map(({ delayMs }) => delayMs))].sort((a, b) => a - b)
  const groups = delays.flatMap((delayMs) => {
    const rows = inOrder(rowsOf(figures.filter((figure) => figure.delayMs === delayMs)))
    return phases.flatMap((phase) => {
      const own = rows.filter((row) => row.phase === phase)
      if (own.length === 0) return []
      const bars = own.map(({ engine, wall, code }) => ({
        label: `${engine}${isBroken(phase, code, engine) ? ' (breaks off)' : ''}`,
        colour: colours[engine] ?? '#555',
        value: wall.median / 1000,
        least: wall.least / 1000,
        most: wall.most / 1000,
      }))
      return [{ label: `${phase}, ${delayMs} ms`, bars }]
    })
  })
  const title = `${job}, ${hosts} hosts`
  writeFileSync(`${PLOTS}/${key}.svg`, plotText({ title: `${title}: wall time`, unit: 'seconds', groups }))
  const tables = delays.map((delayMs) => tableOf(figures, delayMs))
  return `### ${title}\n\n![Wall time of ${title}](performance/${key}.svg)\n\n${tables.join('\n')}`
}

function tableOf(figures: readonly Figure[], delayMs: number): string {
  const rows = inOrder(rowsOf(figures.filter((figure) => figure.delayMs === delayMs)))
  const near = delayMs === 0 ? [] : inOrder(rowsOf(figures.filter((figure) => figure.delayMs === 0)))
  const lines = rows.map((row) => {
    const floor = rows.find(({ phase, engine }) => phase === row.phase && engine === 'floor')
    const close = near.find(({ phase, engine }) => phase === row.phase && engine === row.engine)
    // Where the runs of both distances overlap, noise is more than distance.
    const isApart = close !== undefined && row.wall.least > close.wall.most
    const trips = isApart ? ((row.wall.median - close.wall.median) / delayMs).toFixed() : '–'
    const { phase, engine, wall, controllerMs, hostMs, memoryMiB, packets, bytes, code } = row
    const ratio = floor ? (wall.median / floor.wall.median).toFixed(2) : '–'
    const mark = isBroken(phase, code, engine) ? '†' : ''
    return `| ${phase} | ${engine}${mark} | ${seconds(wall.median)} (${seconds(wall.least)}–${seconds(wall.most)}, ${wall.count}) | ${ratio} | ${seconds(controllerMs)} | ${seconds(hostMs)} | ${memoryMiB.toFixed()} | ${delayMs === 0 ? '' : `${trips} | `}${packets.toFixed()} | ${(bytes / 1024).toFixed()} |`
  })
  const trips = delayMs === 0 ? '' : ' trips |'
  return `Round trip of ${delayMs} ms added:

| | | wall, s (least–most, runs) | to floor | controller CPU, s | hosts' CPU, s | memory, MiB |${trips} packets | KiB |
| --- | --- | --- | --- | --- | --- | --- |${trips && ' --- |'} --- | --- |
${lines.join('\n')}
`
}

function inOrder(rows: readonly Row[]): Row[] {
  return [...rows].sort(
    (a, b) => phases.indexOf(a.phase) - phases.indexOf(b.phase) || ORDER.indexOf(a.engine) - ORDER.indexOf(b.engine),
  )
}

/** A check of Lockstep tells by its exit code that there is something to do. */
function isBroken(phase: string, code: number, engine: string): boolean {
  return code !== 0 && !(phase === 'check fresh' && engine === 'Lockstep' && code === 2)
}
