import { isDeepStrictEqual } from 'node:util'
import type { Task } from './generate-tasks.ts'

/**
 * Whether no task of a playbook works against another: only then a second run has nothing to do. Errs on the side of no.
 */
export function isSteady(tasks: readonly Task[]): boolean {
  const claims = tasks.flatMap(flat).flatMap((task) => claimsOf(task).map((claim) => ({ claim, task })))
  return !claims.some((a) => claims.some((b) => a.task !== b.task && clash(a, b)))
}

interface Claim {
  claim: string
  task: Task
}

function clash(a: Claim, b: Claim): boolean {
  if (a.claim === b.claim) return !isDeepStrictEqual(bare(a.task), bare(b.task))
  return b.claim.startsWith(a.claim) && /^[/#]/.test(b.claim.slice(a.claim.length))
}

function bare({ register, when, notify, name, ...task }: Task): Task {
  return task
}

function flat(task: Task): Task[] {
  const inside = [task.block, task.rescue, task.always].filter((list) => Array.isArray(list)).flat() as Task[]
  return inside.length > 0 ? inside.flatMap(flat) : [task]
}

/** What a task sets, as paths of names: what is set as a whole is the beginning of its parts. */
function claimsOf(task: Task): string[] {
  const items = Array.isArray(task.loop) ? task.loop : [undefined]
  return items.flatMap((item) =>
    Object.entries(task).flatMap(([module, args]) => {
      if (typeof args !== 'object' || args === null || Array.isArray(args)) return []
      const filled = JSON.parse(JSON.stringify(args).replaceAll('{{item}}', String(item)))
      return [...moduleClaims(module, filled), ...ownerClaims(module, filled)]
    }),
  )
}

function ownerClaims(module: string, args: Record<string, unknown>): string[] {
  if (module === 'user' || module === 'group') return []
  const people = [args.owner, args.user].filter((name) => name !== undefined).map((name) => `user:${name}#use`)
  return args.group === undefined ? people : [...people, `group:${args.group}#use`]
}

function moduleClaims(module: string, args: Record<string, unknown>): string[] {
  const path = String(args.path ?? args.dest ?? '')
  const mode = args.mode === undefined && args.owner === undefined && args.group === undefined ? [] : [`${path}#mode`]
  switch (module) {
    case 'file': {
      const whole = args.state === 'absent' || args.state === 'link' || args.recurse === true
      return whole ? [path] : [`${path}#kind#${args.state}`, ...mode]
    }
    case 'copy':
    case 'template':
      return [`${path}#content`, `${path}#kind#content`, ...mode]
    case 'line-in-file':
    case 'block-in-file': {
      const whole = args.state === 'absent' || args.regexp !== undefined
      const part = args.marker ?? args.line
      return [whole ? `${path}#content` : `${path}#content#${part}`, ...mode]
    }
    case 'json-file':
      return [`${path}#content#json`, ...mode]
    case 'user':
      return args.state === 'absent'
        ? [`user:${args.name}`, `/home/${args.name}`]
        : [`user:${args.name}#set`, ...((args.groups as string[] | undefined) ?? []).map((name) => `group:${name}#use`)]
    case 'group':
      return args.state === 'absent' ? [`group:${args.name}`] : [`group:${args.name}#set`]
    case 'systemd':
      return [`unit:${args.name}`, `/etc/systemd/system/${args.name}.service#content`]
    case 'ufw':
      return args.rule !== undefined ? [`ufw#${args.port}`] : args.rules ? ['ufw'] : [`ufw#${Object.keys(args).sort()}`]
    case 'authorized-key':
      return [`keys:${args.user}${args.exclusive ? '' : `#${args.key}`}`]
    case 'known-hosts':
      return [`hosts:${args.user}`]
    case 'command': {
      const made = args.creates ?? args.removes
      return [String(made)]
    }
    default:
      return [`${module}:${JSON.stringify(args.name ?? path)}`]
  }
}
