import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { labDigest } from '../../../lab/digest.ts'
import { labExec } from '../../../lab/exec.ts'
import { type LabAccess, labReset } from '../../../lab/lab.ts'
import { labProcesses } from '../../../lab/processes.ts'
import { modules } from '../../../modules/index.ts'
import { files, inventoryText, type Outcome, playOn } from '../play.ts'
import { type Case, filesBeside, playbookText, taskNamed } from './case.ts'
import { differ, missing } from './differ.ts'
import { isSteady } from './steady.ts'

export interface ExactHost {
  name: string
  address: string
}

/**
 * Checks and runs a playbook on hosts in some state, again on what they have become, and once more after new damage; gives
 * what was not as promised. `onOutcome` sees what each check and run said.
 */
export async function inexactness(
  one: Case,
  all: readonly ExactHost[],
  access: LabAccess,
  onOutcome: (outcome: Outcome) => void,
): Promise<string[]> {
  const members = all.slice(0, one.hosts)
  const names = members.map(({ name }) => name)
  using at = files({
    ...filesBeside,
    'play.yml': playbookText(one),
    'inventory.yml': inventoryText(Object.fromEntries(members.map(({ name, address }) => [name, { address }]))),
  })
  const options = { playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access }
  const digest = async () => [...(await Promise.all(names.map(hostDigest))).flat(), ...folderDigest(at.path('.'))]
  const pass = async (label: string, withDigest = false) => {
    const before = withDigest ? await digest() : []
    const check = await playOn({ ...options, mode: 'check' })
    const after = withDigest ? await digest() : []
    const run = await playOn({ ...options, mode: 'run' })
    onOutcome(check)
    onOutcome(run)
    const found = [
      ...missing('check changed something', before, after),
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
  const unsettled = isSettled ? changesOf(one, again.run).map((name) => `a second run changed ${name}`) : []
  await damaged(names, one.between)
  const damagedAnew = await pass('after damage')
  return [...first.found, ...again.found, ...unsettled, ...damagedAnew.found]
}

async function hostDigest(host: string): Promise<string[]> {
  const lines = [...(await labDigest(host)), ...(await labProcesses(host))]
  return lines.map((line) => `${host} ${line}`)
}

/** What a run has changed that declares a state; what an action does it may do each time. */
function changesOf(one: Case, { results }: Outcome): string[] {
  const isDeclared = (task: string) => modules.some(({ name }) => taskNamed(one, task)?.[name] !== undefined)
  return results
    .filter(({ status, task }) => status === 'changed' && isDeclared(task))
    .map(({ host, task, item }) => `${host}: ${task}${item ? ` [${item.label}]` : ''}`)
}

/** The folder of the playbook, a line a file: what runs on the controller may not touch it in a check either. */
function folderDigest(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
    const path = join(folder, name)
    const stats = lstatSync(path)
    const content = stats.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
    return `controller ${name} ${stats.mode.toString(8)} ${stats.mtime.toISOString()} ${content}`
  })
}

/** The host goes through these lines of shell, whether they succeed or not. */
async function damaged(names: readonly string[], scripts: readonly string[][]): Promise<void> {
  await Promise.all(names.map((name, index) => labExec(name, ['sh'], { input: (scripts[index] ?? []).join('\n') })))
}
