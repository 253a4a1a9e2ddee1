import fc from 'fast-check'
import { damage } from './generate-damage.ts'
import { type Chunk, chunk, type Task } from './generate-tasks.ts'

/** A playbook, and what its hosts have been through before it is checked, and again before it is checked anew. */
export interface Case {
  hosts: number
  tasks: Task[]
  /** Whether the host goes on after a task that fails. */
  goesOn: boolean
  /** Where a second play begins. */
  split: number
  before: string[][]
  between: string[][]
}

/** Random legal playbooks with random states of their hosts. */
export function cases(maxHosts: number): fc.Arbitrary<Case> {
  return fc
    .record({
      hosts: fc.integer({ min: 1, max: maxHosts }),
      chunks: fc.array(chunk, { minLength: 1, maxLength: 9, size: 'max' }),
      split: fc.integer({ min: 0, max: 12 }),
      goesOn: fc.constantFrom(true, true, false),
      before: fc.array(damage, { minLength: maxHosts, maxLength: maxHosts }),
      between: fc.array(damage, { minLength: maxHosts, maxLength: maxHosts }),
    })
    .map(({ chunks, ...rest }) => ({ ...rest, tasks: chunks.flatMap(ownNames) }))
}

/** The registered names of a chunk, made its own. */
function ownNames(tasks: Chunk, index: number): Task[] {
  return JSON.parse(JSON.stringify(tasks).replace(/\b[RK]\b/g, (name) => `${name.toLowerCase()}${index}`))
}

/** The playbook as a file: JSON is YAML. */
export function playbookText({ tasks, goesOn, split }: Case): string {
  const opens = JSON.stringify(tasks).includes('"enabled":true')
  const first: Task[] = opens ? [{ name: 'let ssh in', ufw: { rule: 'allow', port: 22, proto: 'tcp' } }] : []
  const named = [...first, ...tasks.map((task, index) => withName(task, `t${index}`, goesOn))]
  const handlers = [
    { name: 'restart', restart: 'ls-a' },
    { name: 'stamp', copy: { dest: '/srv/stamp', content: 'stamped by {{inventory_hostname}}\n' } },
  ]
  const plays = [named.slice(0, split), named.slice(split)].filter((part) => part.length > 0)
  return JSON.stringify(
    plays.map((part) => ({ hosts: 'all', become: true, tasks: part, handlers })),
    null,
    1,
  )
}

function withName(task: Task, name: string, goesOn: boolean): Task {
  const { block, rescue, ...rest } = task
  if (!Array.isArray(block))
    return { name: `${name} ${Object.keys(task)[0]}`, ...task, ...(goesOn ? { ignore_errors: true } : {}) }
  const inner = (list: unknown, letter: string) =>
    (list as Task[]).map((one, index) => withName(one, `${name}${letter}${index}`, false))
  return { ...rest, block: inner(block, 'b'), rescue: inner(rescue, 'r') }
}
