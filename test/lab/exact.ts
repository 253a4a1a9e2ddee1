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
  const pass = async (label: string) => {
    const before = await Promise.all(names.map(labDigest))
    const check = await playOn({ ...options, mode: 'check' })
    const after = await Promise.all(names.map(labDigest))
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
  const first = await pass('first')
  const again = await pass('again')
  const isSettled = isSteady(one.tasks) && first.run.results.every(({ status }) => status !== 'failed')
  const unsettled = isSettled ? again.run.changed.map((name) => `a second run changed ${name}`) : []
  await damaged(names, one.between)
  const damagedAnew = await pass('after damage')
  return [...first.found, ...again.found, ...unsettled, ...damagedAnew.found]
}

/** What was not certain may have come or not; all else is the same, in content too. */
function differ(check: Outcome, run: Outcome): string[] {
  const handlers = new Set(
    check.events
      .concat(run.events)
      .flatMap((event) => (event.type === 'task-started' && event.task.handler ? [event.task.name] : [])),
  )
  const open = new Set(check.results.filter(({ status }) => OPEN.has(status)).map(keyOf))
  const known = (results: readonly Result[]) =>
    results.filter((result) => !open.has(keyOf(result)) && !(open.size > 0 && handlers.has(result.task))).map(shown)
  const [said, done] = [known(check.results), known(run.results)]
  return [...missing('check and run differ', said, done)]
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
