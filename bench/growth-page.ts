import { writeFileSync } from 'node:fs'
import { exponentOf, type GrowthFigure, type Line, linesOf } from './growth-figures.ts'
import { growthPlotText } from './growth-plot.ts'
import { type Series, series } from './growth-series.ts'

const PLOTS = 'docs/performance'

/** The plots of all that was measured, as files, and the part of the page about them. */
export function growthPart(): string {
  return series.flatMap((one) => partOf(one, linesOf(one.name))).join('\n')
}

function partOf({ name, axis, told }: Series, lines: readonly Line[]): string[] {
  if (lines.every(({ points }) => points.length < 2)) return []
  const title = `Growth with ${axis}${name === axis ? '' : ` (${name})`}`
  writeFileSync(`${PLOTS}/growth-${name}.svg`, growthPlotText({ title, axis, lines }))
  const rows = lines.flatMap(({ phase, points }) =>
    points.map(
      ({ size, wallMs, cpuMs, memoryMiB }) =>
        `| ${phase} | ${sizeWords(size, axis)} | ${(wallMs / 1000).toFixed(2)} | ${(cpuMs / 1000).toFixed(2)} | ${memoryMiB} |`,
    ),
  )
  return [
    `#### ${title.slice('Growth with '.length)}

![${title}](performance/growth-${name}.svg)

${sentence(told)} ${lines.map(verdict).join('; ')}.

| | ${axis} | wall, s | controller CPU, s | memory, MiB |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`,
  ]
}

/** How the last step of a line grows. */
function verdict(line: Line): string {
  const [before, last] = line.points.slice(-2)
  const time = exponentOf(line, ({ cpuMs }) => cpuMs)
  const memory = exponentOf(line, ({ memoryMiB }) => memoryMiB)
  if (!before || !last || time === undefined || memory === undefined) return `${line.phase}: one size only`
  const times = (of: (figure: GrowthFigure) => number) => (of(last) / of(before)).toFixed(1)
  return `${line.phase}: for ${times(({ size }) => size)} times as many at the end, ${times(({ cpuMs }) => cpuMs)} times the CPU (exponent ${time.toFixed(2)}) and ${times(({ memoryMiB }) => memoryMiB)} times the memory (${memory.toFixed(2)})`
}

function sentence(words: string): string {
  const first = /[a-z]/.test(words.charAt(0)) ? words.charAt(0).toUpperCase() + words.slice(1) : words
  return `${first}.`
}

function sizeWords(size: number, axis: string): string {
  if (!axis.startsWith('bytes')) return size.toLocaleString('en')
  return size >= 1024 * 1024 ? `${size / 1024 / 1024} MiB` : `${size / 1024} KiB`
}
