import { nearest, Problem } from '../problem.ts'
import { Unknown } from '../resource/unknown.ts'
import type { Around } from './around.ts'
import type { Compiler } from './compiler.ts'
import { TextFailure } from './names.ts'
import { conditionsThatNeverHold } from './never.ts'
import type { DraftPlay } from './play.ts'
import type { Handler, Play, Step } from './playbook.ts'
import { collecting } from './problem-list.ts'
import { referencesOf } from './references.ts'
import type { HostScope } from './scope.ts'
import { Scopes } from './scopes.ts'
import type { Draft } from './task.ts'
import { parseTemplate } from './template.ts'
import { unreadDefinitions } from './unread.ts'
import { definitionPlace, findDefinition } from './variables.ts'
import { suspicions } from './warnings.ts'
import { evaluateWritten, type Written } from './written.ts'
import { entryOf, placeOf } from './yaml-node.ts'

/** Looks at the steps of a play together: who notifies whom, who becomes whom, and what depends on what. */
export function finishPlay(draft: DraftPlay, selected: (step: Draft) => boolean, compiler: Compiler): Play {
  const { scope, inputs, everyone, steps, handlers, ...play } = draft
  const topics = topicsOf(handlers, compiler)
  // A template that cannot be read is told by the trial on hosts, with the task that it is for.
  const unread = play.hosts.length === 0 ? compiler.problems : []
  const finish = (step: Draft): Handler => {
    const { around, node, ...rest } = step
    checkRegister(step, play.hosts, compiler)
    const become = becomeOf(step, play.hosts, compiler)
    return {
      ...rest,
      name: nameFor(step, play.hosts, compiler),
      notify: resolveNotify(around.notify, topics, compiler),
      ...(become ? { become } : {}),
      refs: collecting(unread, () => referencesOf(step, compiler, play.hosts)) ?? step.refs,
      inner: { ...step.inner, playHosts: play.hosts },
    }
  }
  const all = steps.map(finish)
  const finishedSteps: Step[] = all.filter((_, index) => {
    const step = steps[index]
    return step !== undefined && selected(step)
  })
  const finishedHandlers = handlers.map((draft, index) => {
    const handler = finish(draft)
    const part = index - handlers.findIndex((other) => other.handler === draft.handler)
    const isOne = handlers.filter((other) => other.handler === draft.handler).length === 1
    return { ...handler, id: `${play.id}/handlers/${draft.handler}${isOne ? '' : `/${part}`}` }
  })
  const orderNames = play.roll.order.kind === 'by' ? play.roll.order.by.names : new Set()
  const usesFacts =
    play.gatherFacts === true ||
    orderNames.has('facts') ||
    [...finishedSteps, ...finishedHandlers].some(({ refs }) => refs.facts)
  // Who is asked for an order is asked before any step.
  const ordered = [...finishedSteps, ...finishedHandlers].some((step) => ordersByFacts(step))
  const gatherFacts = ordered && play.gatherFacts === 'auto' ? true : play.gatherFacts
  checkAsked(draft, compiler)
  checkPace(draft, compiler)
  const finished = { ...play, gatherFacts, steps: finishedSteps, handlers: finishedHandlers, usesFacts }
  compiler.warnings.push(...suspicions(finished, draft), ...conditionsThatNeverHold(draft, staticScopes(compiler)))
  compiler.warnings.push(...(collecting([], () => unreadDefinitions(draft, compiler)) ?? []))
  return finished
}

function ordersByFacts({ roll, blocks }: Step): boolean {
  return [roll, ...blocks.map((block) => block.roll)].some(
    (each) => each?.order.kind === 'by' && each.order.by.names.has('facts'),
  )
}

/** Hosts that go each their own pace cannot wait for each other. */
function checkPace({ strategy, steps, handlers }: DraftPlay, { problems }: Compiler): void {
  if (strategy !== 'free') return
  const rolled = [...steps, ...handlers].find(({ roll, blocks }) =>
    [roll, ...blocks.map((block) => block.roll)].some((each) => each?.serial),
  )
  if (!rolled) return
  const message = `'${rolled.name}' goes in batches, and with 'strategy: free' every host goes its own pace`
  problems.push(new Problem({ code: 'FREE_ROLL', message, place: rolled.place, hint: "leave 'strategy' out" }))
}

/** What an order asks again is done many times, so it must change nothing. */
function checkAsked({ roll, steps, handlers }: DraftPlay, { problems, broken }: Compiler): void {
  const all = [...steps, ...handlers]
  const rolls = new Set([roll, ...all.flatMap((step) => [step.roll, ...step.blocks.map((block) => block.roll)])])
  for (const each of rolls) {
    if (each?.order.kind !== 'by' || each.order.ask === undefined || broken.has(each.order.ask)) continue
    const { ask, by } = each.order
    const step = all.find(({ register }) => register === ask)
    const isLook = step?.call.kind === 'action' && (step.call.action.looks || step.changedWhen !== undefined)
    if (isLook && !step.loop) continue
    const message = step
      ? `the order asks '${step.name}' again, which is not sure to change nothing`
      : `no task of the play registers '${ask}', which the order asks for`
    const hint = 'ask an action that only looks, such as http with GET and changed_when: false, without a loop'
    problems.push(new Problem({ code: 'ORDER_ASKS', message, place: by.place, hint }))
  }
}

/** Handlers by their names and by what they listen to. */
function topicsOf(handlers: readonly Draft[], { problems }: Compiler): ReadonlyMap<string, readonly string[]> {
  const topics = new Map<string, string[]>()
  const wholes = new Map<string, unknown>()
  for (const { handler, listen, place, around } of handlers) {
    // The tasks of one handler share where its name stands.
    const whole = typeof around.handler === 'object' ? around.handler : {}
    if (wholes.get(handler) === whole) continue
    if (wholes.has(handler)) {
      problems.push(
        new Problem({
          code: 'DUPLICATE_HANDLER',
          message: `two handlers are called '${handler}'`,
          place,
          hint: 'a task would not know which of them it notifies',
        }),
      )
    }
    wholes.set(handler, whole)
    for (const topic of new Set([handler, ...listen])) topics.set(topic, [...(topics.get(topic) ?? []), handler])
  }
  return topics
}

function resolveNotify(
  notify: Around['notify'],
  topics: ReadonlyMap<string, readonly string[]>,
  { problems, broken }: Compiler,
): string[] {
  const found = notify.flatMap(({ name, entry }) => {
    const handlers = topics.get(name)
    if (handlers) return handlers
    if (broken.has(name)) return []
    const near = nearest(name, topics.keys())
    problems.push(
      new Problem({
        code: 'UNKNOWN_HANDLER',
        message: `there is no handler '${name}'`,
        place: placeOf(entry.value),
        hint: near ? `did you mean '${near}'?` : 'the handlers of a play stand below handlers:',
      }),
    )
    return []
  })
  return [...new Set(found)]
}

/** A registered value and a variable may not share a name: which of the two is meant would depend on the order of tasks. */
function checkRegister(
  { register, inner: { scope }, node }: Draft,
  hosts: readonly string[],
  compiler: Compiler,
): void {
  if (register === undefined) return
  const { commandLine, inventory, problems } = compiler
  const ofHost = hosts.map((host) => inventory.definition(host, register)).find(Boolean)
  const definition = commandLine.get(register) ?? findDefinition(scope, register) ?? ofHost
  if (!definition) return
  const where = definitionPlace(definition)
  const place = placeOf(entryOf(node, 'register')?.value ?? node)
  const hint = where ? `the variable is defined at ${where.file}:${where.line}` : 'the variable is given with -e'
  problems.push(
    new Problem({
      code: 'REGISTER_SHADOWS',
      message: `'${register}' is a variable already, so that nothing can be registered under the name`,
      place,
      hint,
    }),
  )
}

/** The user must be the same on all hosts, since it decides which shell looks and acts. */
function becomeOf(
  { around: { become }, inner: { scope }, place }: Draft,
  hosts: readonly string[],
  compiler: Compiler,
): Step['become'] {
  if (!become.isOn) return undefined
  const { method, user: written } = become
  if (!written) return { user: 'root', method }
  const users = new Set(hosts.map((host) => collecting(compiler.problems, () => userOf(written, scopeOf(host, hosts)))))
  const [user] = users
  if (users.size > 1) {
    compiler.problems.push(
      new Problem({
        code: 'BECOME_DIFFERS',
        message: `become_user differs from host to host: ${[...users].join(', ')}`,
        place,
        hint: 'write one play for each user',
      }),
    )
  }
  return { user: user ?? (written.kind === 'literal' ? String(written.value) : 'root'), method }

  function scopeOf(host: string, playHosts: readonly string[]): HostScope {
    return staticScopes(compiler).of(host, scope, playHosts)
  }
}

function userOf(written: Written, scope: HostScope): string {
  const value = evaluateWritten(written, scope)
  if (typeof value === 'string' && /^[a-z_][a-z0-9_.-]*\$?$/i.test(value)) return value
  throw new Problem({
    code: 'WRONG_VALUE',
    message: `become_user is the name of a user, not ${JSON.stringify(value)}`,
    place: written.node && placeOf(written.node),
  })
}

/** A name that is a template stands for itself when it comes out the same on all hosts. */
function nameFor({ name, inner: { scope } }: Draft, hosts: readonly string[], compiler: Compiler): string {
  if (!name.includes('{{')) return name
  try {
    const template = parseTemplate(name)
    const names = new Set(hosts.map((host) => String(template.evaluate(staticScopes(compiler).of(host, scope, hosts)))))
    const [only] = names
    return names.size === 1 && only !== undefined ? only : name
  } catch (error) {
    if (error instanceof Problem || error instanceof TextFailure) return name
    throw error
  }
}

const scopesOf = new WeakMap<Compiler['commandLine'], Scopes>()

/** Scopes of a time at which nothing has run. */
function staticScopes({ inventory, commandLine, files }: Compiler): Scopes {
  let scopes = scopesOf.get(commandLine)
  if (!scopes) {
    const live = {
      registered: () => undefined,
      facts: () => new Unknown('facts, which are known in a run'),
      now: () => new Unknown('the time of the run'),
    }
    scopes = new Scopes({ inventory, commandLine, live, registers: new Map(), constants: {}, files })
    scopesOf.set(commandLine, scopes)
  }
  return scopes
}
