import { isDeepStrictEqual } from 'node:util'
import type { Task } from './arbitrary.ts'

/**
 * Whether no task of a playbook works against another: only then a second run has nothing to do. Errs on the side of no.
 */
export function isSteady(tasks: readonly Task[]): boolean {
  const all = tasks.flatMap(flat)
  if (all.some(isFickle)) return false
  const claims = all.flatMap((task) => claimsOf(task).map((claim) => ({ claim, task })))
  return !claims.some((a) => claims.some((b) => a.task !== b.task && clash(a, b)))
}

/** Whether a task by itself does something else each time. */
function isFickle({ when, check_mode, delegate_to, template }: Task): boolean {
  const isOnceOnly = String(when ?? '').startsWith('!')
  return isOnceOnly || check_mode === true || (delegate_to !== undefined && template !== undefined)
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

/** A task, or the tasks of a block with all its sections. */
export function flat(task: Task): Task[] {
  const inside = [task.block, task.rescue, task.always].filter((list) => Array.isArray(list)).flat() as Task[]
  return inside.length > 0 ? inside.flatMap(flat) : [task]
}

/** What a task sets, as paths of names: what is set as a whole is the beginning of its parts. */
function claimsOf(task: Task): string[] {
  const items = Array.isArray(task.loop) ? task.loop : [undefined]
  const restarted = [task.restart, task.reload, [task.notify].flat().includes('restart') ? 'ls-a' : undefined]
  const units = restarted.filter((unit) => typeof unit === 'string').map((unit) => `unit:${unit}#up`)
  const own = items.flatMap((item) =>
    Object.entries(task).flatMap(([module, args]) => {
      if (typeof args !== 'object' || args === null || Array.isArray(args)) return []
      const filled = JSON.parse(JSON.stringify(args).replaceAll('{{item}}', String(item)))
      return [...moduleClaims(module, filled), ...ownerClaims(module, filled)]
    }),
  )
  return [...units, ...own]
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
    case 'openssl-key':
    case 'secret-file':
      return [`${path}#content`]
    case 'openssl-csr':
      return [`${path || String(args.key).replace(/\.key$/, '.csr')}#content`]
    case 'openssl-sign':
      return [`${args.dir}/${args.kind === 'root' ? 'ca' : `issued/${args.name ?? args.cn}`}.pem#content`]
    case 'user':
      return args.state === 'absent'
        ? [`user:${args.name}`, `/home/${args.name}`]
        : [`user:${args.name}#set`, ...((args.groups as string[] | undefined) ?? []).map((name) => `group:${name}#use`)]
    case 'group':
      return args.state === 'absent' ? [`group:${args.name}`] : [`group:${args.name}#set`]
    case 'systemd': {
      const isOff = args.state === 'stopped' || args.masked !== undefined
      return [isOff ? `unit:${args.name}` : `unit:${args.name}#set`, `/etc/systemd/system/${args.name}.service#content`]
    }
    case 'systemd-units':
      return ['one', 'two'].flatMap((name) => [`unit:ls-fam-${name}`, `/etc/systemd/system/ls-fam-${name}.service`])
    case 'restart':
    case 'reload':
      return [`unit:${args.name}#up`]
    case 'fetch':
      return [String(args.src)]
    case 'ufw':
      return args.rule !== undefined ? [`ufw#${args.port}`] : args.rules ? ['ufw'] : [`ufw#${Object.keys(args).sort()}`]
    case 'authorized-key':
      return [`keys:${args.user}${args.exclusive ? '' : `#${args.key}`}`]
    case 'account-lock':
      return [`user:${JSON.stringify(args.name)}`]
    case 'key-removal':
    case 'key-succession':
      return ['keys:root', 'keys:u1', 'keys:u2']
    case 'known-hosts':
      return [`hosts:${args.user}`]
    case 'command':
    case 'script':
    case 'shell':
      return [String(args.creates ?? args.removes ?? '/srv/raw')]
    default:
      return [`${module}:${JSON.stringify(args.name ?? path)}`]
  }
}
