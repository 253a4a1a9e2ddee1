import { FigureFile } from './figure-file.ts'
import type { Cost } from './measure.ts'

export const phases = ['check fresh', 'first apply', 'second run', 'check converged'] as const
export type Phase = (typeof phases)[number]

/** One measurement. */
export interface Figure extends Cost {
  job: string
  hosts: number
  delayMs: number
  engine: string
  phase: Phase
}

const file = new FigureFile<Figure>(
  'bench/figures.json',
  ({ job, hosts, delayMs, engine, phase }) => `${job} ${hosts} ${delayMs} ${engine} ${phase}`,
)

export function allFigures(): Figure[] {
  return file.all()
}

/** Puts new figures in the place of older ones of the same job, hosts, distance and engine. */
export function keepFigures(figures: readonly Figure[]): void {
  file.keep(figures.map(rounded))
}

function rounded(figure: Figure): Figure {
  const { wallMs, controllerMs, hostMs, memoryMiB } = figure
  return {
    ...figure,
    wallMs: Math.round(wallMs),
    controllerMs: Math.round(controllerMs),
    hostMs: Math.round(hostMs),
    memoryMiB: Math.round(memoryMiB),
  }
}

/** Median, least and most. */
export interface Spread {
  median: number
  least: number
  most: number
  count: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const median =
    sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
  return { median, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0, count: sorted.length }
}

/** One line for an engine in a phase. */
export interface Row {
  phase: Phase
  engine: string
  code: number
  wall: Spread
  controllerMs: number
  hostMs: number
  memoryMiB: number
  packets: number
  bytes: number
}

/** Medians of what was measured, by phase and engine. */
export function rowsOf(figures: readonly Figure[]): Row[] {
  const engines = [...new Set(figures.map(({ engine }) => engine))]
  return phases.flatMap((phase) =>
    engines.flatMap((engine) => {
      const mine = figures.filter((figure) => figure.phase === phase && figure.engine === engine)
      if (mine.length === 0) return []
      const median = (of: (figure: Figure) => number) => spread(mine.map(of)).median
      return [
        {
          phase,
          engine,
          code: Math.max(...mine.map(({ code }) => code)),
          wall: spread(mine.map(({ wallMs }) => wallMs)),
          controllerMs: median(({ controllerMs }) => controllerMs),
          hostMs: median(({ hostMs }) => hostMs),
          memoryMiB: median(({ memoryMiB }) => memoryMiB),
          packets: median(({ packets }) => packets),
          bytes: median(({ bytes }) => bytes),
        },
      ]
    }),
  )
}

/** What was measured just now, for the one who waits for it. */
export function summary(figures: readonly Figure[]): string {
  return rowsOf(figures)
    .map(
      ({ phase, engine, wall, controllerMs, hostMs, memoryMiB, packets, bytes }) =>
        `${phase.padEnd(16)}${engine.padEnd(10)}${seconds(wall.median).padStart(8)} s (${seconds(wall.least)}–${seconds(wall.most)}), CPU ${seconds(controllerMs)} s + hosts ${seconds(hostMs)} s, ${memoryMiB.toFixed()} MiB, ${packets} packets, ${(bytes / 1024).toFixed()} KiB`,
    )
    .join('\n')
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 2 : 1)
}
