import type { Evaluator, LoopItem } from '../language/evaluator.ts'
import type { Callable, Step } from '../language/playbook.ts'
import { Problem } from '../problem.ts'
import { Unknown } from '../resource/unknown.ts'
import type { HostState } from './host-state.ts'

/** One (host, task, item): the smallest thing that is planned, applied and reported. */
export interface Job {
  host: HostState
  item: { index: number; label: string } | undefined
  loopItem: LoopItem | undefined
  /** The host that is worked on; another one when delegated. */
  target: string
  call: Callable
  environment: Readonly<Record<string, string>>
  /** The arguments, or why they are not known yet and what is known of them. */
  args: { kind: 'known'; args: object } | { kind: 'unknown'; unknown: Unknown; partial: object }
}

/** What a step comes to on one host before anything is looked at. */
export type Drafted =
  | { kind: 'job'; job: Job }
  | { kind: 'skipped'; host: HostState; item: Job['item']; reason: string }
  /** A condition, a loop or a delegation that depends on what is known after apply; `job` is what would be done then. */
  | { kind: 'may-run'; host: HostState; item: Job['item']; unknown: Unknown; job?: Job }
  | { kind: 'failure'; host: HostState; item: Job['item']; problem: Problem }

/** The jobs of a step on one host, one for each item of its loop. */
export function draft(evaluator: Evaluator, step: Step, call: Callable, host: HostState): Drafted[] {
  try {
    const items = evaluator.items(step, host.name)
    if (items instanceof Unknown) return [{ kind: 'may-run', host, item: undefined, unknown: items }]
    if (items === undefined) return [draftOne({ evaluator, step, call, host, loopItem: undefined })]
    return items.map((value, index) => {
      const loopItem = { value, index, length: items.length }
      return draftOne({ evaluator, step, call, host, loopItem })
    })
  } catch (error) {
    if (error instanceof Problem) return [{ kind: 'failure', host, item: undefined, problem: error }]
    throw error
  }
}

/** What one job is drafted from. */
interface Draft {
  evaluator: Evaluator
  step: Step
  call: Callable
  host: HostState
  loopItem: LoopItem | undefined
}

function draftOne(one: Draft): Drafted {
  const { evaluator, step, host, loopItem } = one
  let item: Job['item']
  try {
    if (loopItem) item = { index: loopItem.index, label: labelOf(one, loopItem) }
    const { holds, reason } = evaluator.when(step, host.name, loopItem)
    if (holds === false) return { kind: 'skipped', host, item, reason: reason ?? 'its condition is false' }
    if (holds instanceof Unknown) return { kind: 'may-run', host, item, unknown: holds, ...ifItRan(one, item) }
    return due(one, item)
  } catch (error) {
    if (error instanceof Problem) return { kind: 'failure', host, item, problem: error }
    throw error
  }
}

/** What no_log hides is not in the name of an item either, unless somebody has chosen that name. */
function labelOf({ evaluator, step, host }: Draft, item: LoopItem): string {
  if (step.noLog && !step.loop?.label) return `item ${item.index + 1}`
  return evaluator.label(step, host.name, item)
}

function due({ evaluator, step, call, host, loopItem }: Draft, item: Job['item']): Drafted {
  const target = evaluator.delegate(step, host.name, loopItem) ?? host.name
  if (target instanceof Unknown) return { kind: 'may-run', host, item, unknown: target }
  const environment = evaluator.environment(step, host.name, loopItem)
  if (environment instanceof Unknown) return { kind: 'may-run', host, item, unknown: environment }
  const args = evaluator.args(step, host.name, loopItem)
  return { kind: 'job', job: { host, item, loopItem, target, call, environment, args } }
}

/** What has no meaning unless the condition holds is no mistake as long as nobody knows whether it does. */
function ifItRan(one: Draft, item: Job['item']): { job?: Job } {
  try {
    const drafted = due(one, item)
    return drafted.kind === 'job' ? { job: drafted.job } : {}
  } catch (error) {
    if (error instanceof Problem) return {}
    throw error
  }
}
