import { nearest, Problem } from '../problem.ts'
import { HIDDEN, Secret } from '../resource/secret.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value, ValueMap } from '../resource/value.ts'
import { evaluateArguments } from './call.ts'
import type { Evaluator, LoopItem, Verdict } from './evaluator.ts'
import type { Expression } from './expression.ts'
import { kindOf } from './functions/define.ts'
import { HostProblem } from './host-problem.ts'
import type { Names } from './names.ts'
import { isRecord } from './observation.ts'
import type { Step } from './playbook.ts'
import { ExtendedScope } from './scope.ts'
import type { Scopes } from './scopes.ts'
import type { SourceFiles } from './source-files.ts'
import { evaluateWritten } from './written.ts'
import { placeOf } from './yaml-node.ts'

/** An evaluator that also takes a step's arguments one by one, so that each of them can tell what is wrong with it. */
export interface TryingEvaluator extends Evaluator {
  eachArgument(step: Step, host: string, item?: LoopItem): readonly (() => unknown)[]
}

/** What a step without conditions, and one without `environment`, come to on every host. */
const ALWAYS: Verdict = { holds: true }
const NO_ENVIRONMENT: Readonly<Record<string, string>> = {}

/** Evaluates steps for hosts; a Problem names the host, and the task when it lies in another file. */
export function createEvaluator(scopes: Scopes, files: SourceFiles): TryingEvaluator {
  return {
    eachArgument(step, host, item) {
      const { args } = step.inner
      if (!args || args.settled?.kind === 'known') return []
      return args.values.map(
        ([, written]) =>
          () =>
            forHost(scopes, step, host, () => evaluateWritten(written, namesOf(step, host, item))),
      )
    },

    when: (step, host, item) =>
      step.when.length === 0 ? ALWAYS : forHost(scopes, step, host, () => allHold(step, namesOf(step, host, item))),

    items(step, host) {
      const { loop } = step
      if (!loop) return undefined
      return forHost(scopes, step, host, () => {
        const value = evaluateWritten(loop.items, namesOf(step, host))
        if (value instanceof Unknown || Array.isArray(value)) return value
        const hint = isRecord(value) ? 'write {{items name}} for a list of key and value' : undefined
        throw new Problem({
          code: 'WRONG_TYPE',
          message: `a loop goes through a list, not ${kindOf(value)}`,
          place: step.place,
          hint,
        })
      })
    },

    label: (step, host, item) =>
      forHost(scopes, step, host, () =>
        labelOf(step.loop?.label ? evaluateWritten(step.loop.label, namesOf(step, host, item)) : item.value),
      ),

    args(step, host, item) {
      const { args, scope } = step.inner
      if (!args) throw new Error(`${step.name} takes no arguments`)
      if (args.settled) return args.settled
      return forHost(scopes, step, host, () => evaluateArguments(args, namesOf(step, host, item), files, scope))
    },

    evaluate: (expression, step, host, more = {}) =>
      forHost(scopes, step, host, () => expression.evaluate(namesOf(step, host, more.item, more.names))),

    rank: ({ by, scope }, step, host) =>
      forHost(scopes, step, host, () => by.evaluate(scopes.of(host, scope, step.inner.playHosts))),

    delegate(step, host, item) {
      const { delegateTo } = step
      if (!delegateTo) return undefined
      return forHost(scopes, step, host, () => {
        const value = evaluateWritten(delegateTo, namesOf(step, host, item))
        if (value instanceof Unknown) return value
        const { inventory } = scopes.options
        if (typeof value === 'string' && (inventory.hosts.has(value) || value === 'localhost')) return value
        const shown = typeof value === 'string' ? `'${value}'` : kindOf(value)
        throw new Problem({
          code: 'UNKNOWN_HOST',
          message: `delegate_to names ${shown}, which is no host of the inventory`,
          place: delegateTo.node ? placeOf(delegateTo.node) : step.place,
          hint: near(value, inventory.hosts.keys()),
        })
      })
    },

    environment(step, host, item) {
      const { environment } = step.inner
      if (environment.length === 0) return NO_ENVIRONMENT
      return forHost(scopes, step, host, () => {
        const all: Record<string, string> = {}
        for (const written of environment) {
          const value = evaluateWritten(written, namesOf(step, host, item))
          if (value instanceof Unknown) return value
          for (const [name, part] of Object.entries(value as ValueMap)) {
            if (part instanceof Unknown) return part
            all[name] = environmentText(name, part, step)
          }
        }
        return all
      })
    },
  }

  function namesOf(step: Step, host: string, item?: LoopItem, names?: ValueMap): Names {
    const { scope, playHosts } = step.inner
    const base = scopes.of(host, scope, playHosts)
    if (!item && !names) return base
    const more = new Map(Object.entries(names ?? {}))
    if (item && step.loop) {
      more.set(step.loop.variable, item.value)
      if (step.loop.indexVariable !== undefined) more.set(step.loop.indexVariable, item.index)
    }
    return new ExtendedScope(base, more)
  }
}

function near(value: Value, names: Iterable<string>): string | undefined {
  const found = typeof value === 'string' ? nearest(value, names) : undefined
  return found && `did you mean '${found}'?`
}

function allHold(step: Step, names: Names): Verdict {
  let unknown: Unknown | undefined
  for (const condition of step.when) {
    const value = truthOf(condition, condition.evaluate(names))
    if (value instanceof Unknown) unknown ??= value
    else if (!value) return { holds: false, reason: condition.text }
  }
  return { holds: unknown ?? true }
}

function truthOf(condition: Expression, value: Value): boolean | Unknown {
  if (typeof value === 'boolean' || value instanceof Unknown) return value
  const hint =
    typeof value === 'string'
      ? `compare it, as in ${condition.text} == "…", or ${condition.text} != ""`
      : 'compare it with something'
  throw new Problem({
    code: 'WRONG_TYPE',
    message: `a condition is true or false, not ${kindOf(value)}`,
    place: condition.place,
    hint,
  })
}

/** An item in a few words. */
function labelOf(value: Value): string {
  if (value instanceof Secret) return HIDDEN
  if (value === null || typeof value !== 'object' || value instanceof Unknown) return String(value)
  if (isRecord(value)) {
    const name = ['name', 'key', 'path', 'dest', 'host']
      .map((key) => value[key])
      .find((part) => typeof part === 'string')
    if (typeof name === 'string') return name
  }
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function environmentText(name: string, value: Value, step: Step): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof Secret) {
    throw new Problem({
      code: 'SECRET_SHOWN',
      message: `the environment variable ${name} would show a secret to every process of the task's user`,
      place: step.place,
      hint: 'give it on `stdin`, or write it to a file with `copy` and mode "0600"',
    })
  }
  throw new Problem({
    code: 'WRONG_TYPE',
    message: `the environment variable ${name} is ${kindOf(value)}`,
    place: step.place,
  })
}

/** What would show a secret tells which task would. */
function named(problem: Problem, { name }: Step): Problem {
  if (problem.code !== 'SECRET_SHOWN') return problem
  const { code, message, place, hint } = problem
  return new Problem({ code, message: `${message}, in the task '${name}'`, place, hint })
}

function forHost<T>(scopes: Scopes, step: Step, host: string, work: () => T): T {
  scopes.moment++
  try {
    return work()
  } catch (error) {
    if (error instanceof Problem && !(error instanceof HostProblem))
      throw new HostProblem(named(error, step), host, step)
    throw error
  }
}
