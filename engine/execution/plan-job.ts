import type { Callable } from '../language/playbook.ts'
import type { Decision } from '../resource/action.ts'
import type { Change } from '../resource/change.ts'
import { NotVisible, type Plan, type Reads, TaskFailure } from '../resource/module.ts'
import type { AnyRead } from '../resource/read.ts'
import { Unknown } from '../resource/unknown.ts'
import type { World } from './world.ts'

/** What looking and comparing gave for one (host, task, item). */
export type Planned =
  | { kind: 'plan'; plan: Plan<Change> }
  | { kind: 'decision'; decision: Decision; guarded: boolean }
  /** Somebody has to look first. */
  | { kind: 'missing'; reads: readonly AnyRead[] }
  /**
   * Only the run can tell: an argument or what was to be looked at depends on a change that is not made yet. `confined`: whatever
   * it does shows in predictions that are known to be unknown, and nowhere else. `guard`: whether it is due at all is what depends
   * on it.
   */
  | { kind: 'unknown'; unknown: Unknown; confined?: boolean; guard?: true }
  /** The host did not allow to look. */
  | { kind: 'denied'; message: string }
  /** No change can lead to what is asked for. */
  | { kind: 'failure'; message: string; hint: string | undefined }

/** Plans one job on what is known of a host; looks nowhere and changes nothing but the world's notes of what is needed. */
export function planJob(call: Callable, args: object, world: World, user: string, step: number): Planned {
  const reads = readsOf(call, args)
  const gathered = world.gather(reads, user, step)
  if (gathered.kind === 'unknown' && call.kind === 'action') return { ...gathered, guard: true }
  if (gathered.kind !== 'results') return gathered
  try {
    if (call.kind === 'module') {
      const { module } = call
      const have = module.state ? module.state(gathered.results, args) : gathered.results
      const plan = module.plan(args, have)
      const after = plan.after?.map((prediction) => world.asMadeBy(user, prediction, step))
      return { kind: 'plan', plan: after ? { ...plan, after } : plan }
    }
    const guarded = Object.keys(reads).length > 0
    return { kind: 'decision', decision: call.action.decide(args, gathered.results), guarded }
  } catch (error) {
    if (error instanceof NotVisible) return { kind: 'denied', message: error.message }
    if (error instanceof TaskFailure) return { kind: 'failure', message: error.message, hint: error.hint }
    throw error
  }
}

/** What a task looks at; those that have the same arguments on every host are asked once. */
function readsOf(call: Callable, args: object): Reads {
  const known = readsByArguments.get(args)
  if (known) return known
  const reads = call.kind === 'module' ? call.module.reads(args) : (call.action.reads?.(args) ?? {})
  readsByArguments.set(args, reads)
  return reads
}

const readsByArguments = new WeakMap<object, Reads>()

/** Lets a world show what the plan predicts. */
export function foresee(world: World, plan: Plan<Change>, user: string, step: number): void {
  if (plan.changes.length === 0) return
  for (const prediction of plan.after ?? []) world.foresee(prediction, user, step)
  if (plan.brings !== undefined) world.predictions.brings(plan.brings)
  if (plan.reloadsSystemd) world.predictions.reloadsSystemd()
}

/** Lets a world show an action that is due: what it looks at is as it leaves it, which only some actions foresee. */
export function foreseeAction(world: World, call: Callable, args: object, user: string, step: number): void {
  if (call.kind !== 'action' || call.action.looks) return
  if (call.action.after) {
    for (const prediction of call.action.after(args)) world.foresee(prediction, user, step)
    return
  }
  const state = new Unknown(`what ${call.action.name} does`)
  for (const read of Object.values(call.action.reads?.(args) ?? {}).flat() as AnyRead[]) {
    if (read.kind === 'connection') continue
    world.foresee({ read, state }, user, step)
    if (read.kind === 'file') world.predictions.acts(read.path)
  }
}

/**
 * Lets a world show a task that is known only in part: whatever it would touch is known after apply. The reads that can
 * be named without the unknown part are enough for that. Says whether these are all that it touches.
 */
export function foreseeUnknown(world: World, call: Callable, partial: object | undefined, unknown: Unknown): boolean {
  if (partial === undefined) return false
  const { reads, complete } = readsOfPartial(call, partial)
  for (const read of reads) {
    world.predictions.add({ read, state: new Unknown(unknown.reason) }, undefined)
    if (call.kind === 'action' && read.kind === 'file') world.predictions.acts(read.path)
  }
  return complete && call.kind === 'module' && call.module.touches === 'reads'
}

/** What a task may leave otherwise: what an action looks at is what it is about. */
function touchedReads(call: Callable, partial: object): Reads {
  if (call.kind === 'module') return call.module.reads(partial)
  const { action } = call
  if (action.looks) return {}
  return { ...action.reads?.(partial), after: (action.after?.(partial) ?? []).map(({ read }) => read) }
}

function readsOfPartial(call: Callable, partial: object): { reads: AnyRead[]; complete: boolean } {
  let reads: Reads
  try {
    reads = touchedReads(call, partial)
  } catch (error) {
    // An Unknown where the module expects text: then its reads cannot be named yet.
    if (error instanceof TypeError) return { reads: [], complete: false }
    throw error
  }
  const mark = new Unknown('').toString()
  const sets = call.kind === 'module' ? call.module.sets : undefined
  const set = Object.entries(reads).flatMap(([name, read]) =>
    sets === undefined || sets.includes(name) ? (read as AnyRead | AnyRead[]) : [],
  )
  const changeable = set.filter(isChangeable)
  const named = changeable.filter((read) => !read.key.includes(mark))
  return { reads: named, complete: named.length === changeable.length }
}

/** Nothing that a task does makes another way of the one that the run has come, and a folder is what its path leads to. */
function isChangeable(read: AnyRead): boolean {
  return read.kind !== 'connection' && !(read.kind === 'file' && read.follows)
}
