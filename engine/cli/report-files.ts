import { randomBytes } from 'node:crypto'
import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { Problem, Problems } from '../problem.ts'
import { collectAudit } from '../report/audit.ts'
import type { Event } from '../report/event.ts'
import { reportForms } from '../report/forms.ts'
import { exitCodes, reportFailure } from './failure.ts'

export interface ReportFiles {
  take: (event: Event) => void
  /** Writes all of them, once. What goes wrong is told on stderr; gives the exit code for that. */
  write: () => number
}

/** Throws what is wrong about names and folders of `--report`, so that it is known before any host is contacted. */
export function checkReportFiles(paths: readonly string[]): void {
  const problems = paths.flatMap((path, index) => problemOf(path, paths.slice(0, index)) ?? [])
  if (problems.length > 0) throw new Problems(problems)
}

/** The files of `--report`. They are written also when Lockstep is stopped or breaks, and say so then. */
export function startReportFiles(paths: readonly string[]): ReportFiles {
  if (paths.length === 0) return { take: () => {}, write: () => exitCodes.done }
  const collector = collectAudit(packageJson.version)
  let written = false
  const write = () => {
    if (written) return exitCodes.done
    written = true
    process.off('exit', write)
    const audit = collector.audit()
    const failed = paths.flatMap((path) => failureOf(path, () => reportForms[extname(path)]?.(audit) ?? ''))
    return failed.length > 0 ? reportFailure(new Problems(failed), process.stderr) : exitCodes.done
  }
  // A second Ctrl-C ends the process at once, and the report is wanted most then.
  process.once('exit', write)
  return { take: collector.take, write }
}

function problemOf(path: string, before: readonly string[]): Problem | undefined {
  if (reportForms[extname(path)] === undefined) {
    const forms = Object.keys(reportForms).join(', ')
    return new Problem({
      code: 'REPORT_FORM',
      message: `the report ${path} is of no known form`,
      hint: `its name ends with one of ${forms}`,
    })
  }
  if (before.some((other) => resolve(other) === resolve(path))) return problem(path, 'it is named twice')
  return folderProblem(path)
}

function folderProblem(path: string): Problem | undefined {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return problem(path, 'it is a folder')
    accessSync(dirname(path), constants.W_OK | constants.X_OK)
    if (!statSync(dirname(path)).isDirectory()) return problem(path, `${dirname(path)} is not a folder`)
  } catch (error) {
    return problem(path, reasonOf(error, dirname(path)))
  }
  return undefined
}

/** Whole or not at all; for its owner alone, unless the file that it replaces was open to more. */
function failureOf(path: string, text: () => string): Problem[] {
  const draft = resolve(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  const content = text()
  try {
    const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0o600
    writeFileSync(draft, content, { mode: mode & 0o777, flag: 'wx' })
    renameSync(draft, path)
    return []
  } catch (error) {
    rmSync(draft, { force: true })
    return [problem(path, reasonOf(error, dirname(path)))]
  }
}

function problem(path: string, why: string): Problem {
  return new Problem({
    code: 'REPORT_FILE',
    message: `the report ${path} cannot be written: ${why}`,
    hint: 'name a file in a folder that is there and that you may write to',
  })
}

function reasonOf(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = reasons[code]
  if (known === undefined) throw error
  return known(path)
}

const reasons: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `there is no ${path}`,
  ENOTDIR: (path) => `${path} is not a folder`,
  EACCES: (path) => `you may not write to ${path}`,
  EPERM: (path) => `you may not write to ${path}`,
  EROFS: (path) => `${path} is on a file system that is read-only`,
  ENOSPC: (path) => `there is no space left for ${path}`,
  EDQUOT: (path) => `your quota leaves no space for ${path}`,
  ENAMETOOLONG: () => 'its name is too long',
  ELOOP: (path) => `${path} is a circle of links`,
}
