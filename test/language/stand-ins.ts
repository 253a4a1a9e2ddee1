import { Type } from '@sinclair/typebox'
import { type Compiled, type CompileOptions, compile } from '../../engine/language/compile.ts'
import type { LoopItem, Runtime } from '../../engine/language/evaluator.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import type { Step } from '../../engine/language/playbook.ts'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { defineModule } from '../../engine/resource/module.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import type { Value } from '../../engine/resource/value.ts'
import { folderWith } from './folder.ts'

const inert = { examples: [], resource: () => '', reads: () => ({}), plan: () => ({ changes: [] }), apply: {} }

/** A module with an argument of each kind. */
export const thing = defineModule({
  name: 'thing',
  summary: 'A thing.',
  args: Arg.object({
    path: Arg.path({ description: 'Where.' }),
    mode: Type.Optional(Arg.mode({ description: 'Bits.' })),
    state: Type.Optional(Arg.choice(['present', 'absent'], { description: 'Whether.', default: 'present' })),
    size: Type.Optional(Type.Integer({ minimum: 0, description: 'How large.' })),
    flag: Type.Optional(Type.Boolean({ description: 'Whether or not.' })),
    text: Type.Optional(Arg.text({ description: 'What it says.' })),
    pass: Type.Optional(Arg.secret({ description: 'What it hides.' })),
    src: Type.Optional(Arg.source({ description: 'A file.' })),
    from: Type.Optional(Arg.template({ description: 'A template.' })),
    find: Type.Optional(Arg.regexp({ description: 'A pattern.' })),
    list: Type.Optional(Type.Array(Arg.object({ name: Type.String(), n: Type.Optional(Type.Integer()) }))),
    either: Type.Optional(Type.Union([Type.Integer(), Arg.object({ name: Type.String() })])),
  }),
  ...inert,
})

/** An action that says something. */
export const say = defineAction({
  name: 'say',
  summary: 'Says something.',
  args: Arg.object({ msg: Type.Unsafe<unknown>({ description: 'What.' }) }),
  examples: [],
  decide: () => ({ due: true, what: 'says it' }),
})

export const assert = defineAction({
  name: 'assert',
  summary: 'Asserts something.',
  args: Arg.object({
    that: Type.Unsafe<{ expression: string; value: Value }[]>({
      type: 'array',
      lockstep: 'expressions',
      description: 'What must hold.',
    }),
  }),
  examples: [],
  decide: () => ({ due: false }),
})

export const registry = { modules: [thing], actions: [say, assert] }

export interface Given extends Partial<CompileOptions> {
  files?: Readonly<Record<string, string>>
  inventory?: never
  hosts?: string
}

export const HOSTS =
  'web: { hosts: { w1: { n: 1 }, w2: { n: 2 } }, vars: { colour: red } }\ndb: { hosts: { d1: { n: 3 } } }\n'

/** Compiles the text of a playbook beside some files, for the hosts w1, w2 and d1. */
export function compiled(
  playbook: string,
  { files = {}, hosts = HOSTS, ...options }: Given = {},
): Compiled & { folder: string } {
  const folder = folderWith({ 'hosts.yml': hosts, 'play.yml': playbook, ...files })
  return { ...compileIn(folder, options), folder }
}

/** Compiles `play.yml` in a folder. */
export function compileIn(folder: string, options: Partial<CompileOptions> = {}): Compiled {
  const inventory = loadInventory([`${folder}/hosts.yml`], { extraVars: options.extraVars ?? {} })
  return compile({ playbookPath: `${folder}/play.yml`, inventory, registry, checkMode: false, ...options })
}

/** A playbook of one play on all hosts with these tasks. */
export function playOf(tasks: string, more = ''): string {
  return `- hosts: all\n  tasks:\n${tasks.replace(/^/gm, '    ')}\n${more}`
}

/** The runtime of a run in which these values were registered, by host. */
export function runtimeWith(registered: Readonly<Record<string, Readonly<Record<string, Value>>>> = {}): Runtime {
  return {
    registered: (host, name) => registered[host]?.[name],
    facts: () => new Unknown('the facts'),
    now: () => '2026-01-02T03:04:05.000Z',
  }
}

/** What `say` would say for each item on a host: the one argument that takes anything. */
export function said({ playbook, evaluatorFor }: Compiled, host: string, runtime = runtimeWith()): unknown[] {
  const evaluator = evaluatorFor(runtime)
  return playbook.plays.flatMap(({ steps }) =>
    steps
      .filter(({ call }) => call.kind === 'action' && call.action === say)
      .flatMap((step) => itemsOf(step).map((item) => sayingOf(step, item))),
  )

  function itemsOf(step: Step): (LoopItem | undefined)[] {
    const items = evaluator.items(step, host)
    if (items instanceof Unknown || items === undefined) return [undefined]
    return items.map((value, index) => ({ value, index, length: items.length }))
  }

  function sayingOf(step: Step, item: LoopItem | undefined): unknown {
    const { holds } = evaluator.when(step, host, item)
    if (holds !== true) return holds
    const args = evaluator.args(step, host, item)
    return args.kind === 'known' ? (args.args as { msg: unknown }).msg : args.unknown
  }
}
