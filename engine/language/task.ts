import { type ArgumentSchema, mainArgument } from './argument-schema.ts'
import { type Around, conditions, inside } from './around.ts'
import { compileArguments } from './call.ts'
import { type Compiler, nameOf, schemaOf } from './compiler.ts'
import { expressionOf } from './expression.ts'
import { Fields } from './fields.ts'
import { keywords } from './keywords.ts'
import { checkModuleDefaults } from './module-defaults.ts'
import type { Handler, Loop, Meta, Step } from './playbook.ts'
import { rollOf } from './roll.ts'
import { RESERVED_NAMES } from './variables.ts'
import { compileValue } from './written.ts'
import { type Entry, entryOf, keyPlace, type MapNode, placeOf } from './yaml-node.ts'

/** A step as far as its own lines tell: who is become, what is notified and what it depends on is settled by the play. */
export type Draft = Handler & { around: Around; node: MapNode }

/** Compiles one task that calls a module, an action or a meta. Undefined when it cannot be told what it calls. */
export function compileTask(node: MapNode, outer: Around, compiler: Compiler): Draft | undefined {
  const fields = new Fields(node, compiler.problems)
  checkModuleDefaults(fields, compiler)
  const given = fields.text('name')
  const around = inside(outer, fields, 'task', given ?? 'a task')
  const call = callOf(fields, around, compiler)
  const register = registerOf(fields)
  const listen = listenOf(fields, around)
  if (!call) {
    for (const name of [given, register, ...listen]) if (name !== undefined) compiler.broken.add(name)
    return undefined
  }
  const loop = loopOf(fields)
  const until = untilOf(fields)
  const changedWhen = conditions(fields, 'changed_when')
  const failedWhen = conditions(fields, 'failed_when')
  const roll = rollOf(fields, around.scope)
  return {
    id: around.path,
    name: given ?? call.label,
    place: given === undefined ? call.place : placeOf(entryOf(node, 'name')?.value ?? node),
    tags: around.tags,
    section: around.section,
    blocks: around.blocks,
    call: call.what,
    when: around.when,
    ...(loop ? { loop } : {}),
    ...(until ? { until } : {}),
    ...(register === undefined ? {} : { register }),
    notify: [],
    ...(changedWhen.length > 0 ? { changedWhen } : {}),
    ...(failedWhen.length > 0 ? { failedWhen } : {}),
    ignoreErrors: around.ignoreErrors,
    ignoreUnreachable: around.ignoreUnreachable,
    anyErrorsFatal: around.anyErrorsFatal,
    ...(around.delegateTo ? { delegateTo: around.delegateTo } : {}),
    runOnce: around.runOnce,
    ...(around.checkMode === undefined ? {} : { checkMode: around.checkMode }),
    ...(around.diff === undefined ? {} : { diff: around.diff }),
    noLog: around.noLog,
    timeoutMs: around.timeoutMs,
    ...(around.throttle === undefined ? {} : { throttle: around.throttle }),
    ...(roll ? { roll } : {}),
    ...(typeof around.handler === 'object'
      ? { handler: around.handler.name, listen: around.handler.listen }
      : { handler: given ?? call.label, listen }),
    refs: { variables: [], hostvars: false, facts: false },
    inner: { scope: around.scope, playHosts: [], args: call.args, environment: around.environment },
    around,
    node,
  }
}

function listenOf(fields: Fields, { handler }: Around): string[] {
  const entry = fields.entry('listen')
  if (entry && typeof handler === 'object')
    fields.complain(
      'WRONG_KEYWORD',
      `this task is a part of the handler '${handler.name}', which is notified as a whole`,
      keyPlace(entry),
      'write listen beside the name of the handler',
    )
  return fields.scalars('listen').map(({ text }) => text)
}

interface Call {
  what: Step['call']
  args: ReturnType<typeof compileArguments> | undefined
  label: string
  place: Step['place']
}

function callOf(fields: Fields, around: Around, compiler: Compiler): Call | undefined {
  const others = fields.node.entries.filter(({ key }) => !keywords.task.has(key))
  const calls = others.filter(({ key }) => compiler.callables.get(key))
  const unknown = others.filter((entry) => !calls.includes(entry))
  for (const entry of unknown) {
    const isKeyword = calls.length > 0
    const message = isKeyword ? `a task has no '${entry.key}'` : `there is no module '${entry.key}'`
    fields.complain(
      isKeyword ? 'UNKNOWN_KEYWORD' : 'UNKNOWN_MODULE',
      message,
      keyPlace(entry),
      compiler.callables.hint(entry.key, keywords.task),
    )
  }
  const meta = fields.entry('meta')
  const [first, second] = [...calls, ...(meta ? [meta] : [])]
  if (first && second) {
    fields.complain(
      'TWO_MODULES',
      `one task calls one module, not both '${first.key}' and '${second.key}'`,
      keyPlace(second),
      'write two tasks',
    )
    return undefined
  }
  if (meta && around.handler !== undefined) {
    fields.complain('WRONG_KEYWORD', 'a handler has no meta: it runs when it is due', keyPlace(meta))
    return undefined
  }
  if (meta) return metaOf(fields, meta)
  if (!first) {
    if (unknown.length === 0) fields.complain('NO_MODULE', 'this task calls no module', placeOf(fields.node))
    return undefined
  }
  const call = compiler.callables.get(first.key)
  if (!call) return undefined
  const name = nameOf(call)
  const schema = schemaOf(call)
  const defaults = around.moduleDefaults.get(name) ?? []
  const own = first.value.kind === 'map' ? new Set(first.value.entries.map(({ key }) => key)) : new Set()
  for (const entry of defaults) if (!own.has(entry.key)) compiler.defaults.taken.add(entry)
  const args = compileArguments({ name, schema, entry: first, defaults }, fields.problems)
  if (call.kind === 'module') {
    for (const keyword of ['changed_when', 'failed_when', 'until']) {
      const entry = fields.entry(keyword)
      if (entry)
        fields.complain(
          'WRONG_KEYWORD',
          `'${keyword}' is for actions: whether ${name} changes something is known from the state`,
          keyPlace(entry),
        )
    }
  }
  return { what: call, args, label: labelOf(name, schema, first), place: keyPlace(first) }
}

const METAS = ['flush_handlers', 'end_host', 'end_play'] as const

function metaOf(fields: Fields, entry: Entry): Call | undefined {
  const what: Meta | undefined = fields.choice('meta', METAS)
  return what && { what: { kind: 'meta', what }, args: undefined, label: what, place: keyPlace(entry) }
}

/** The module with what it is about: its main argument, else the first that is one word. */
function labelOf(name: string, schema: ArgumentSchema, { value }: Entry): string {
  if (value.kind === 'scalar') return value.value === null ? name : `${name} ${short(value.text)}`
  if (value.kind !== 'map') return name
  const named = [mainArgument(schema), 'name', 'path', 'dest'].flatMap((key) =>
    key === undefined ? [] : (entryOf(value, key) ?? []),
  )
  const found = [...named, ...value.entries].find((entry) => entry.value.kind === 'scalar')
  return found?.value.kind === 'scalar' ? `${name} ${short(found.value.text)}` : name
}

function short(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}

function registerOf(fields: Fields): string | undefined {
  const name = fields.text('register')
  const node = fields.value('register')
  if (name === undefined || !node) return undefined
  if (/^[A-Za-z_]\w*$/.test(name) && !RESERVED_NAMES.has(name)) return name
  fields.complain(
    'VARIABLE_NAME',
    `'${name}' is no name that can be registered`,
    placeOf(node),
    'a name is made of letters, digits and underscores',
  )
  return undefined
}

function loopOf(fields: Fields): Loop | undefined {
  const node = fields.value('loop')
  const control = fields.map('loop_control')
  if (!node) {
    const entry = fields.entry('loop_control')
    if (entry) fields.complain('WRONG_KEYWORD', "'loop_control' needs 'loop'", keyPlace(entry))
    return undefined
  }
  const parts = control && new Fields(control, fields.problems)
  parts?.only(['loop_var', 'index_var', 'label'], 'loop_control', { pause: 'leave it out' })
  const indexVariable = parts?.text('index_var')
  const label = parts?.value('label')
  return {
    items: compileValue(node, fields.problems),
    variable: parts?.text('loop_var') ?? 'item',
    ...(indexVariable === undefined ? {} : { indexVariable }),
    ...(label ? { label: compileValue(label, fields.problems) } : {}),
  }
}

function untilOf(fields: Fields): Step['until'] {
  const node = fields.scalar('until')
  const retries = fields.number('retries', 0)
  const delay = fields.number('delay', 0)
  if (node)
    return { condition: expressionOf(node, fields.problems), retries: retries ?? 3, delayMs: (delay ?? 5) * 1000 }
  for (const keyword of ['retries', 'delay']) {
    const entry = fields.entry(keyword)
    if (entry) fields.complain('WRONG_KEYWORD', `'${keyword}' needs 'until'`, keyPlace(entry))
  }
  return undefined
}
