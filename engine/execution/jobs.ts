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
  /** A condition, a loop or a delegation that depends on what is known after apply. */
  | { kind: 'may-run'; host: HostState; item: Job['item']; unknown: Unknown }
  | { kind: 'failure'; host: HostState; item: Job['item']; problem: Problem }

/** The jobs of a step on one host, one for each item of its loop. */
export function draft(evaluator: Evaluator, step: Step, call: Callable, host: HostState): Drafted[] {
  try {
    const items = evaluator.items(step, host.name)
    if (items instanceof Unknown) return [{ kind: 'may-run', host, item: undefined, unknown: items }]
    if (items === undefined) return [draftOne(evaluator, step, call, host, undefined)]
    return items.map((value, index) => draftOne(evaluator, step, call, host, { value, index, length: items.length }))
  } catch (error) {
    if (error instanceof Problem) return [{ kind: 'failure', host, item: undefined, problem: error }]
    throw error
  }
}

function draftOne(
  evaluator: Evaluator,
  step: Step,
  call: Callable,
  host: HostState,
  loopItem: LoopItem | undefined,
): Drafted {
  let item: Job['item']
  try {
    if (loopItem) item = { index: loopItem.index, label: evaluator.label(step, host.name, loopItem) }
    const { holds, reason } = evaluator.when(step, host.name, loopItem)
    if (holds === false) return { kind: 'skipped', host, item, reason: reason ?? 'its condition is false' }
    if (holds instanceof Unknown) return { kind: 'may-run', host, item, unknown: holds }
    const target = evaluator.delegate(step, host.name, loopItem) ?? host.name
    if (target instanceof Unknown) return { kind: 'may-run', host, item, unknown: target }
    const environment = evaluator.environment(step, host.name, loopItem)
    if (environment instanceof Unknown) return { kind: 'may-run', host, item, unknown: environment }
    return {
      kind: 'job',
      job: { host, item, loopItem, target, call, environment, args: evaluator.args(step, host.name, loopItem) },
    }
  } catch (error) {
    if (error instanceof Problem) return { kind: 'failure', host, item, problem: error }
    throw error
  }
}
