import { stringify } from 'yaml'
import fc from '../../property.ts'
import type { Chunk, Task } from './arbitrary.ts'
import { chunk } from './chains.ts'
import { damage, ground } from './damage.ts'

/** A playbook, and what its hosts have been through before it is checked, and again before it is checked anew. */
export interface Case {
  hosts: number
  tasks: Task[]
  /** Whether the host goes on after a task that fails. */
  goesOn: boolean
  /** Where a second play begins. */
  split: number
  /** Hosts that pass through the plays at a time; all when it is 0. */
  serial: number
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
      serial: fc.constantFrom(0, 0, 0, 1),
      goesOn: fc.constantFrom(true, true, false),
      before: fc.array(
        fc.tuple(ground, damage).map((parts) => parts.flat()),
        { minLength: maxHosts, maxLength: maxHosts },
      ),
      between: fc.array(damage, { minLength: maxHosts, maxLength: maxHosts }),
    })
    .map(({ chunks, ...rest }) => ({ ...rest, tasks: chunks.flatMap(ownNames) }))
}

/** The registered names of a chunk, made its own. */
function ownNames(tasks: Chunk, index: number): Task[] {
  return JSON.parse(JSON.stringify(tasks).replace(/\b[RK]\b/g, (name) => `${name.toLowerCase()}${index}`))
}

/** What tasks notify. Their names tell them from tasks. */
const HANDLERS: readonly Task[] = [
  { name: 'restart', restart: 'ls-a' },
  { name: 'stamp', copy: { dest: '/srv/stamp', content: 'stamped by {{inventory_hostname}}\n' } },
  { name: 'listener', listen: 'whoever listens', copy: { dest: '/srv/heard', content: 'heard\n' } },
]

/** Files that playbooks find beside them. */
export const filesBeside: Readonly<Record<string, string>> = {
  'templates/host.hbs': 'port = 5\nhost {{inventory_hostname}}\n',
  'files/mark.sh': '#!/bin/sh\nmkdir -p -- "$1"\necho port >"$1/mark"\n',
}

/** The playbook as a file. */
export function playbookText({ tasks, goesOn, split, serial }: Case): string {
  const opens = JSON.stringify(tasks).includes('"enabled":true')
  const first: Task[] = opens ? [{ name: 'let ssh in', ufw: { rule: 'allow', port: 22, proto: 'tcp' } }] : []
  const named = [...first, ...tasks.map((task, index) => withName(task, `t${index}`, goesOn))]
  const plays = [named.slice(0, split), named.slice(split)].filter((part) => part.length > 0)
  return stringify(
    plays.map((part) => ({
      hosts: 'all',
      become: true,
      ...(serial > 0 ? { serial } : {}),
      tasks: part,
      handlers: HANDLERS,
    })),
    { aliasDuplicateObjects: false, lineWidth: 0 },
  )
}

/** Where a task stands, by the name that `playbookText` gave it: `t3`, or `t3b0` in a block, `t3r0` in its rescue and `t3z0` in what it always does. */
export function placeOf(task: string) {
  const [, number = '', section = ''] = /^t(\d+)([brz]?)/.exec(task) ?? []
  return { number: Number(number), section, isHandler: HANDLERS.some(({ name }) => name === task) }
}

/** The task of a case behind a name that `playbookText` gave it. */
export function taskNamed({ tasks }: Case, name: string): Task | undefined {
  const [, number, section, inner] = /^t(\d+)(?:([brz])(\d+))?/.exec(name) ?? []
  const task = tasks[Number(number ?? Number.NaN)]
  if (section === undefined) return task
  const list = task?.[section === 'b' ? 'block' : section === 'r' ? 'rescue' : 'always']
  return (list as Task[] | undefined)?.[Number(inner)]
}

function withName(task: Task, name: string, goesOn: boolean): Task {
  const { block, rescue, always, ...rest } = task
  if (!Array.isArray(block))
    return { name: `${name} ${Object.keys(task)[0]}`, ...task, ...(goesOn ? { ignore_errors: true } : {}) }
  const inner = (list: unknown, letter: string) =>
    (list as Task[]).map((one, index) => withName(one, `${name}${letter}${index}`, false))
  return {
    ...rest,
    block: inner(block, 'b'),
    ...(rescue ? { rescue: inner(rescue, 'r') } : {}),
    ...(always ? { always: inner(always, 'z') } : {}),
  }
}
