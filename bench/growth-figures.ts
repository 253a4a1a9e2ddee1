import { FigureFile } from './figure-file.ts'

/** One measurement of something that grows. */
export interface GrowthFigure {
  series: string
  /** How large it was. */
  size: number
  phase: string
  wallMs: number
  /** CPU time of the controller's own process. */
  cpuMs: number
  /** The most memory that the process had. */
  memoryMiB: number
}

const file = new FigureFile<GrowthFigure>(
  'bench/growth.json',
  ({ series, phase, size }) => `${series} ${phase} ${size}`,
)

/** Puts new figures in the place of older ones of the same series, size and phase. */
export function keepGrowth(figures: readonly GrowthFigure[]): void {
  file.keep(figures)
}

/** The figures of one phase, the smallest size first. */
export interface Line {
  phase: string
  points: readonly GrowthFigure[]
}

export function linesOf(series: string): Line[] {
  const own = file.all().filter((figure) => figure.series === series)
  const phases = [...new Set(own.map(({ phase }) => phase))]
  return phases.map((phase) => ({
    phase,
    points: own.filter((figure) => figure.phase === phase).sort((a, b) => a.size - b.size),
  }))
}

/**
 * How something grows between the last two sizes: 1 is linear, 0 not at all, 2 the square. What is needed for nothing at all counts
 * along, so that it reads low where little is done.
 */
export function exponentOf({ points }: Line, of: (figure: GrowthFigure) => number): number | undefined {
  const [before, last] = points.slice(-2)
  if (!before || !last || before === last) return undefined
  return Math.log(of(last) / of(before)) / Math.log(last.size / before.size)
}
