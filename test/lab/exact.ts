import { isDeepStrictEqual } from 'node:util'
import { labDigest } from '../../lab/digest.ts'
import { labExec } from '../../lab/exec.ts'
import { type LabAccess, labReset } from '../../lab/lab.ts'
import { type Case, playbookText } from './generate.ts'
import { isSteady } from './generate-steady.ts'
import { files, inventoryText, type Outcome, playOn, type Result } from './play.ts'

export interface ExactHost {
  name: string
  address: string
}

/** Checks and runs a playbook on hosts in some state, again on what they have become, and once more after new damage; gives what was not as promised. */
export async function inexactness(one: Case, all: readonly ExactHost[], access: LabAccess): Promise<string[]> {
  const members = all.slice(0, one.hosts)
  const names = members.map(({ name }) => name)
  using at = files({
    'play.yml': playbookText(one),
    'templates/host.hbs': 'port = 5\nhost {{inventory_hostname}}\n',
    'inventory.yml': inventoryText(Object.fromEntries(members.map(({ name, address }) => [name, { address }]))),
  })
  const options = { playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access }
  const digests = async (wanted: boolean) => (wanted ? await Promise.all(names.map(labDigest)) : [])
  const pass = async (label: string, withDigest = false) => {
    const before = await digests(withDigest)
    const check = await playOn({ ...options, mode: 'check' })
    const after = await digests(withDigest)
    const run = await playOn({ ...options, mode: 'run' })
    const found = [
      ...before.flatMap((lines, index) => missing('check changed the host', lines, after[index] ?? [])),
      ...run.mispredicted.map((sentence) => `foreseen otherwise: ${sentence}`),
      ...differ(check, run),
    ]
    return { run, found: found.map((line) => `${label}: ${line}`) }
  }
  await labReset(names, () => {})
  await damaged(names, one.before)
  const first = await pass('first', true)
  const again = await pass('again')
  const isSettled = isSteady(one.tasks) && first.run.results.every(({ status }) => status !== 'failed')
  const unsettled = isSettled ? again.run.changed.map((name) => `a second run changed ${name}`) : []
  await damaged(names, one.between)
  const damagedAnew = await pass('after damage')
  return [...first.found, ...again.found, ...unsettled, ...damagedAnew.found]
}

/** What was not certain may have come or not; all else is the same, in content too. */
function differ(check: Outcome, run: Outcome): string[] {
  const open = check.results.filter(({ status }) => OPEN.has(status))
  const isOpen = (result: Result) => open.some((other) => other.host === result.host && reaches(other, result, run))
  const known = ({ results }: Outcome) => results.filter((result) => !isOpen(result)).map(shown)
  return missing('check and run differ', known(check), known(run))
}

/** Whether how an open task ends decides how another one does, or if it runs. */
function reaches(open: Result, other: Result, run: Outcome): boolean {
  const [from, to] = [placeOf(open), placeOf(other)]
  if (keyOf(open) === keyOf(other) || to.isHandler) return true
  const isFailed = run.results.some((done) => keyOf(done) === keyOf(open) && done.status === 'failed')
  if (from.isHandler) return isFailed
  if (to.number < from.number) return false
  if (to.number === from.number) return from.section !== '' && to.task >= from.task
  return open.status === 'may-run' || isFailed
}

/** Where a task stands, by the name that the generator gave it: `t3`, or `t3b0` in a block and `t3r0` in its rescue. */
function placeOf({ task }: Result) {
  const [, number = '', section = ''] = /^t(\d+)([br]?)/.exec(task) ?? []
  return { task, number: Number(number), section, isHandler: task === 'restart' || task === 'stamp' }
}

/** Lines that one has and the other has not. */
function missing(what: string, left: readonly string[], right: readonly string[]): string[] {
  if (isDeepStrictEqual([...left].sort(), [...right].sort())) return []
  const only = (a: readonly string[], b: readonly string[]) => a.filter((line) => !b.includes(line))
  return [
    ...only(left, right).map((line) => `${what}: - ${line}`),
    ...only(right, left).map((line) => `${what}: + ${line}`),
  ]
}

const OPEN = new Set(['known-after-apply', 'may-run', 'would-run', 'deferred'])

function keyOf({ host, task, item }: Result): string {
  return `${host}: ${task}${item ? ` [${item.label}]` : ''}`
}

function shown(result: Result): string {
  const { status, differences, failure, tolerated } = result
  const lines = differences
    .filter(({ before, after }) => !`${before}${after}`.includes('‹known after apply›'))
    .map(({ kind, what, before, after }) => `  ${kind} ${what}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`)
  const why = failure ? `: ${failure.code} ${failure.message}${tolerated ? ` (${tolerated})` : ''}` : ''
  return [`${keyOf(result)} ${status}${why}`, ...(status === 'failed' ? [] : lines)].join('\n')
}

/** The host goes through these lines of shell, whether they succeed or not. */
async function damaged(names: readonly string[], scripts: readonly string[][]): Promise<void> {
  await Promise.all(names.map((name, index) => labExec(name, ['sh'], { input: (scripts[index] ?? []).join('\n') })))
}
