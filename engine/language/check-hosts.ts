import { Problem } from '../problem.ts'
import { factsLike } from '../resource/facts.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Value, ValueMap } from '../resource/value.ts'
import type { Compiler } from './compiler.ts'
import { holdsSecret } from './convert.ts'
import { createEvaluator, type TryingEvaluator } from './create-evaluator.ts'
import type { LoopItem } from './evaluator.ts'
import { forHosts, HostProblem } from './host-problem.ts'
import { checkInputs, type RoleInputs } from './inputs.ts'
import type { Play, Roll, Step } from './playbook.ts'
import type { HostScope } from './scope.ts'
import { type LiveValues, Scopes, type ScopesOptions } from './scopes.ts'
import { unlike } from './unlike.ts'

/** What every host is tried for, some seconds of work; beyond, hosts that are like each other are tried once. */
const MOST_WORK = 600_000
/** A step on one host, in reads of another host's variables. */
const STEP_WORK = 4
/** Items of one loop that are tried. */
const MOST_ITEMS = 20

/**
 * Tries every step for every host before any is contacted, with what will be registered and gathered standing as unknown. What
 * goes wrong then would go wrong in the run.
 */
export function checkHosts(
  trials: readonly Trial[],
  options: Omit<ScopesOptions, 'live'>,
  { files, broken }: Compiler,
): Problem[] {
  const live = new Expected(broken)
  const scopes = new Scopes({ ...options, live })
  const evaluator = createEvaluator(scopes, files)
  const found: HostProblem[] = []
  let left = MOST_WORK
  for (const { play, inputs } of trials) {
    const { hosts } = play
    let kinds: readonly string[] | undefined
    const hostsFor = (step: Step) => {
      const cost = workOf(step, hosts)
      left -= cost
      if (left >= 0) return hosts
      left += cost
      kinds ??= unlike(hosts, options.inventory)
      return kinds
    }
    for (const each of inputs) for (const host of hosts) tryInputs(each, scopes.of(host, each.scope, play.hosts), found)
    tryOrder(play.roll, play, scopes, hosts, found)
    const begun = new Set<string>()
    for (const step of play.steps) {
      for (const { id, roll } of step.blocks.filter((block) => !begun.has(block.id))) {
        begun.add(id)
        tryOrder(roll, play, scopes, hosts, found)
      }
      tryOrder(step.roll, play, scopes, hosts, found)
      for (const host of hostsFor(step)) tryStep(step, host, evaluator, found)
      if (step.register !== undefined) live.expect(step.register, step.name, play.hosts)
    }
    for (const handler of play.handlers)
      if (handler.register !== undefined) live.expect(handler.register, handler.name, play.hosts)
    for (const handler of play.handlers) tryOrder(handler.roll, play, scopes, hosts, found)
    for (const handler of play.handlers) for (const host of hostsFor(handler)) tryStep(handler, host, evaluator, found)
  }
  return joined(found, new Set(trials.flatMap(({ play }) => play.hosts)).size)
}

/** A step that looks at other hosts looks at all of them as a rule. */
function workOf({ refs }: Step, hosts: readonly string[]): number {
  return hosts.length * (refs.hostvars ? hosts.length + STEP_WORK : STEP_WORK)
}

/** A play, and what its roles want to be given. */
export interface Trial {
  play: Play
  inputs: readonly RoleInputs[]
}

function tryInputs(inputs: RoleInputs, scope: HostScope, found: HostProblem[]): void {
  try {
    found.push(...checkInputs(inputs, scope).map((problem) => new HostProblem(problem, scope.host)))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    found.push(new HostProblem(error, scope.host))
  }
}

/** The names of all facts, with values that only a run knows. */
const EXPECTED_FACTS: ValueMap = factsLike((path) => new Unknown(`the fact ${path}`))

/** An order by expression must be known for each host. */
function tryOrder(
  roll: Roll | undefined,
  play: Play,
  scopes: Scopes,
  hosts: readonly string[],
  found: HostProblem[],
): void {
  if (roll?.order.kind !== 'by') return
  const { by, scope } = roll.order
  for (const host of hosts) {
    try {
      by.evaluate(scopes.of(host, scope, play.hosts))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      found.push(new HostProblem(error, host))
    }
  }
}

/** What steps that come before will have registered by then. */
class Expected implements LiveValues {
  readonly #values = new Map<string, Map<string, Unknown>>()
  readonly #broken: ReadonlySet<string>

  constructor(broken: ReadonlySet<string>) {
    this.#broken = broken
  }

  expect(name: string, task: string, hosts: readonly string[]): void {
    const value = new Unknown(`what '${task}' registers`)
    const byHost = this.#values.get(name) ?? new Map<string, Unknown>()
    for (const host of hosts) byHost.set(host, value)
    this.#values.set(name, byHost)
  }

  registered(host: string, name: string): Value | undefined {
    return this.#broken.has(name) ? new Unknown('a task that cannot be read') : this.#values.get(name)?.get(host)
  }

  now(): Unknown {
    return new Unknown('the time of the run')
  }

  facts(): ValueMap {
    return EXPECTED_FACTS
  }
}

function tryStep(step: Step, host: string, evaluator: TryingEvaluator, found: HostProblem[]): void {
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof HostProblem)) throw error
      found.push(error)
      return undefined
    }
  }
  const items = attempt(() => evaluator.items(step, host))
  if (step.loop && items === undefined) return
  for (const item of itemsToTry(items)) {
    const verdict = attempt(() => evaluator.when(step, host, item))
    if (!verdict || verdict.holds === false) continue
    if (item) attempt(() => evaluator.label(step, host, item))
    attempt(() => evaluator.delegate(step, host, item))
    attempt(() => evaluator.environment(step, host, item))
    if (step.inner.args) {
      const count = found.length
      for (const work of evaluator.eachArgument(step, host, item)) attempt(work)
      const args = found.length === count ? attempt(() => evaluator.args(step, host, item)) : undefined
      if (args?.kind === 'known' && speaks(step) && holdsSecret(args.args as Value))
        found.push(new HostProblem(hidden(step), host))
    }
    const result = new Unknown('the result of the task')
    const names = { result, ...(step.register === undefined ? {} : { [step.register]: result }) }
    for (const expression of [
      ...(step.changedWhen ?? []),
      ...(step.failedWhen ?? []),
      ...(step.until ? [step.until.condition] : []),
    ]) {
      attempt(() => evaluator.evaluate(expression, step, host, { item, names }))
    }
  }
}

function speaks({ call }: Step): boolean {
  return call?.kind === 'action' && call.action.speaks === true
}

function hidden({ name, place }: Step): Problem {
  return new Problem({
    code: 'SECRET_SHOWN',
    severity: 'warning',
    message: `'${name}' would show a secret, which is hidden`,
    place,
    hint: 'leave it out; its length and what it is compared with are no secrets',
  })
}

function itemsToTry(items: readonly Value[] | Unknown | undefined): readonly (LoopItem | undefined)[] {
  if (items === undefined) return [undefined]
  if (items instanceof Unknown) return [{ value: items, index: 0, length: 1 }]
  return items.slice(0, MOST_ITEMS).map((value, index) => ({ value, index, length: items.length }))
}

/** The same problem of several hosts as one; of all hosts, without their names. */
function joined(found: readonly HostProblem[], all: number): Problem[] {
  const groups = new Map<string, HostProblem[]>()
  for (const problem of found) {
    const { code, message, place } = problem.parts
    const key = [code, message, place?.file, place?.line, place?.column].join('\n')
    groups.set(key, [...(groups.get(key) ?? []), problem])
  }
  return [...groups.values()].flatMap((problems) => {
    const [first] = problems
    if (!first) return []
    const hosts = [...new Set(problems.map(({ host }) => host))]
    const message = hosts.length === all ? first.parts.message : forHosts(first.parts.message, hosts)
    return [new Problem({ ...first.parts, message })]
  })
}
