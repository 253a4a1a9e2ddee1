import type { Place } from '../problem.ts'
import type { AnyAction } from '../resource/action.ts'
import type { AnyModule } from '../resource/module.ts'
import type { CompiledArguments } from './call.ts'
import type { Expression } from './expression.ts'
import type { Lexical } from './variables.ts'
import type { Written } from './written.ts'

/** A playbook, compiled: nothing in it can be misspelt or missing any more. */
export interface Playbook {
  /** As it was named. */
  path: string
  /** Where it lies, absolute. */
  folder: string
  plays: readonly Play[]
}

export interface Play {
  /** Stable between runs of the same playbook. */
  id: string
  name: string
  place: Place
  /** In inventory order, after `--limit`. */
  hosts: readonly string[]
  steps: readonly Step[]
  handlers: readonly Handler[]
  /** `auto`: gathered when a step asks for them; true: in the first round. */
  gatherFacts: boolean | 'auto'
  /** Whether anything in the play names `facts`. */
  usesFacts: boolean
  strategy: 'linear' | 'free'
  roll: Roll
  anyErrorsFatal: boolean
  /** Hosts that work on one step at a time; `--forks` holds beside it. */
  throttle?: number
  ignoreUnreachable: boolean
  /** What the play says about its connections; host variables and flags come on top. */
  connection: { port?: number; remoteUser?: string; kind?: string }
}

/** How hosts pass through a play, a block, a task or a handler. */
export interface Roll {
  /** The size of each batch; the last one repeats. Absent: all hosts at once. */
  serial?: Serial
  order: Order
  /** Failed and unreachable hosts over the whole roll that are borne; one more stops it. */
  maxFailures?: Amount
}

/** A number of hosts, or a share of them in percent. */
export type Amount = { kind: 'count'; count: number } | { kind: 'share'; percent: number }

export type Serial = readonly Amount[]

export type Order =
  | { kind: 'inventory' | 'reverse_inventory' | 'sorted' | 'reverse_sorted' }
  /** The same seed and hosts give the same order. */
  | { kind: 'shuffle'; seed: string }
  /** Ascending by the value of `by` on each host; `dynamic`: asked again before every batch, since a leader moves. */
  | OrderBy

export interface OrderBy {
  kind: 'by'
  by: Expression
  dynamic: boolean
  /** Registered by a step that only looks, which is performed anew on the hosts left before each batch but the first. */
  ask?: string
  /** The variables that hold where it is written. */
  scope: Lexical
}

/** What a step calls. */
export type Callable = { kind: 'module'; module: AnyModule } | { kind: 'action'; action: AnyAction }

export type Meta = 'flush_handlers' | 'end_host' | 'end_play'

export type SectionName = 'pre_tasks' | 'roles' | 'tasks' | 'post_tasks'

/** A block that holds a step, and the section of it that the step stands in. */
export interface BlockPath {
  id: string
  section: 'block' | 'rescue' | 'always'
  hasRescue: boolean
  /** The block's own batches, when it is rolled. */
  roll?: Roll
}

/** One task, flattened out of blocks, roles and includes; in reading order. */
export interface Step {
  /** Stable between runs of the same playbook. */
  id: string
  /** As given, or the module and its main argument. */
  name: string
  place: Place
  tags: readonly string[]
  section: SectionName
  /** Outermost first. */
  blocks: readonly BlockPath[]
  call: Callable | { kind: 'meta'; what: Meta }
  /** All must hold; those of blocks, roles and includes around it stand first. */
  when: readonly Expression[]
  loop?: Loop
  until?: { condition: Expression; retries: number; delayMs: number }
  register?: string
  /** Names of the handlers, topics already resolved. */
  notify: readonly string[]
  changedWhen?: readonly Expression[]
  failedWhen?: readonly Expression[]
  ignoreErrors: boolean
  ignoreUnreachable: boolean
  /** One host that is lost at it stops the play for all. */
  anyErrorsFatal: boolean
  /** The user who does it, when that is not the one who logs in. */
  become?: { user: string; method: BecomeMethod }
  delegateTo?: Written
  runOnce: boolean
  /** True: only look, even in a run. False: act, even in check mode. */
  checkMode?: boolean
  diff?: boolean
  noLog: boolean
  timeoutMs: number
  throttle?: number
  /** Absent: the hosts pass as the play has them. */
  roll?: Roll
  /** What it needs to know, found by reading it. */
  refs: References
  /** For the evaluator only. */
  inner: StepInner
}

/** A handler, or one task of a handler that is a block or a file of tasks. */
export interface Handler extends Step {
  /** What tasks notify and hosts are owed; the tasks of one handler stand together. */
  handler: string
  listen: readonly string[]
}

export type BecomeMethod = 'sudo' | 'su' | 'doas'

/** Where the items of a loop come from, and how they are called. */
export interface Loop {
  items: Written
  variable: string
  indexVariable?: string
  label?: Written
}

export interface References {
  /** Root names, those that its variables lead to included: variables and registered names alike. */
  variables: readonly string[]
  /** Reaches other hosts. */
  hostvars: boolean
  facts: boolean
}

/** What the evaluator keeps of a step. */
export interface StepInner {
  scope: Lexical
  playHosts: readonly string[]
  /** Absent for a meta step. */
  args: CompiledArguments | undefined
  /** From the outside in; the innermost wins. */
  environment: readonly Written[]
}
