import { TaskFailure } from '../../engine/resource/module.ts'
import { type Family, hostAddress, portList, type Services } from './ufw-words.ts'

/** A rule as ufw itself keeps it: one tuple line of user.rules or user6.rules. Two rules with the same `keyOf` are the same rule to ufw. */
export interface UfwRule {
  action: string
  /** Empty, `log` or `log-all`. */
  log: string
  proto: string
  /** Numbers, ranges (80:90) and lists, or any. */
  dport: string
  dst: string
  sport: string
  src: string
  /** Names of application profiles, or empty. */
  dapp: string
  sapp: string
  direction: 'in' | 'out'
  interfaceIn: string
  interfaceOut: string
  route: boolean
  comment: string
}

/** A rule as a task says it. */
export interface RuleWish {
  rule: 'allow' | 'deny' | 'reject' | 'limit'
  direction?: 'in' | 'out' | undefined
  route?: boolean
  from?: string
  from_port?: string | number
  to?: string
  port?: string | number
  proto?: string
  interface?: string
  interface_in?: string
  interface_out?: string
  app?: string
  log?: boolean | 'all'
  comment?: string
  delete?: boolean
}

/** What the host knows that a rule can name. */
export interface Names {
  services: Services
  /** The `ports` of each application profile, as in `80,443/tcp|53`. */
  profiles: ReadonlyMap<string, string>
}

/** A rule in the families that it holds for; an application profile may stand for several tuples. */
export type Tuples = Readonly<Record<Family, readonly UfwRule[]>>

/** The line of user.rules after `### tuple ###`; undefined for what ufw would skip too. */
export function parseTuple(line: string): UfwRule | undefined {
  const [words = '', hex = ''] = line.trim().split(' comment=')
  const fields = words.split(/\s+/)
  if (![7, 9].includes(fields.length)) return undefined
  const [verb = '', proto = '', dport = '', dst = '', sport = '', src = ''] = fields
  const [dapp = '-', sapp = '-'] = fields.length === 9 ? fields.slice(6, 8) : []
  const way = fields.at(-1) ?? ''
  const [action = '', log = ''] = verb.replace('route:', '').split('_')
  return {
    action,
    log,
    proto,
    dport,
    dst,
    sport,
    src,
    dapp: dapp === '-' ? '' : dapp.replaceAll('%20', ' '),
    sapp: sapp === '-' ? '' : sapp.replaceAll('%20', ' '),
    direction: way.startsWith('out') ? 'out' : 'in',
    interfaceIn: /^in_([^!]+)/.exec(way)?.[1] ?? '',
    interfaceOut: /(?:^|!)out_(.+)$/.exec(way)?.[1] ?? '',
    route: verb.startsWith('route:'),
    comment: Buffer.from(hex.trim(), 'hex').toString('utf8'),
  }
}

/** The rule as ufw writes it into user.rules. */
export function formatTuple(rule: UfwRule): string {
  const { log, interfaceIn, interfaceOut, dapp, sapp, comment } = rule
  const verb = `${rule.route ? 'route:' : ''}${rule.action}${log === '' ? '' : `_${log}`}`
  const written = (name: string) => (name === '' ? '-' : name.replaceAll(' ', '%20'))
  const ways = [interfaceIn && `in_${interfaceIn}`, interfaceOut && `out_${interfaceOut}`].filter(Boolean)
  return [
    verb,
    rule.proto,
    rule.dport,
    rule.dst,
    rule.sport,
    rule.src,
    ...(dapp === '' && sapp === '' ? [] : [written(dapp), written(sapp)]),
    ways.join('!') || rule.direction,
    ...(comment === '' ? [] : [`comment=${Buffer.from(comment).toString('hex')}`]),
  ].join(' ')
}

/** What makes two rules the same for ufw; action, log and comment can be changed in place. */
export function keyOf(rule: UfwRule): string {
  return formatTuple({ ...rule, action: '', log: '', comment: '' })
}

/** The task's rule in ufw's own form, for each family that it holds for. */
export function tuplesOf(wish: RuleWish, names: Names): Tuples {
  const { from = 'any', to = 'any', route = false, direction = 'in' } = wish
  const [src, dst] = [hostAddress(from), hostAddress(to)]
  if (src && dst && src.family !== dst.family) {
    throw new TaskFailure(`'from: ${from}' and 'to: ${to}' are of different kinds`, 'give both as IPv4 or both as IPv6')
  }
  const interfaces = interfacesOf(wish)
  const isOut = interfaces.interfaceIn === '' && (interfaces.interfaceOut !== '' || (!route && direction === 'out'))
  const ports = wish.app === undefined ? [portList(wish, names.services)] : profilePorts(wish, names)
  const rules = ports.map(
    (port): UfwRule => ({
      action: wish.rule,
      log: wish.log === 'all' ? 'log-all' : wish.log ? 'log' : '',
      ...port,
      dst: dst?.text ?? 'any',
      src: src?.text ?? 'any',
      dapp: wish.app ?? '',
      sapp: '',
      direction: isOut ? 'out' : 'in',
      ...interfaces,
      route,
      comment: wish.comment ?? '',
    }),
  )
  const family = src?.family ?? dst?.family ?? (['ipv6', 'igmp'].includes(wish.proto ?? '') ? '4' : undefined)
  return {
    4: family === '6' ? [] : rules.map((rule) => inFamily(rule, '4')),
    6: family === '4' ? [] : rules.map((rule) => inFamily(rule, '6')),
  }
}

/** The arguments of `ufw` that name this rule; `any` addresses stand for both families. */
export function wordsOf(rule: UfwRule, verb: readonly string[]): string[] {
  const { interfaceIn, interfaceOut, log, proto, dapp, sapp } = rule
  return [
    ...(rule.route ? ['route'] : []),
    ...verb,
    rule.action,
    ...(interfaceIn === '' ? [] : ['in', 'on', interfaceIn]),
    ...(interfaceOut === '' ? [] : ['out', 'on', interfaceOut]),
    ...(interfaceIn === '' && interfaceOut === '' && rule.direction === 'out' ? ['out'] : []),
    ...(log === '' ? [] : [log]),
    ...(proto === 'any' || dapp !== '' || sapp !== '' ? [] : ['proto', proto]),
    ...['from', rule.src],
    ...(sapp !== '' ? ['app', sapp] : rule.sport === 'any' || dapp !== '' ? [] : ['port', rule.sport]),
    ...['to', rule.dst],
    ...(dapp !== '' ? ['app', dapp] : rule.dport === 'any' || sapp !== '' ? [] : ['port', rule.dport]),
    ...(rule.comment === '' || verb.includes('delete') ? [] : ['comment', rule.comment]),
  ]
}

/** The rule with its open addresses as this family writes them. */
function inFamily(rule: UfwRule, family: Family): UfwRule {
  const any = family === '4' ? '0.0.0.0/0' : '::/0'
  return { ...rule, src: rule.src === 'any' ? any : rule.src, dst: rule.dst === 'any' ? any : rule.dst }
}

function interfacesOf({ interface: name, interface_in, interface_out, direction = 'in' }: RuleWish) {
  return {
    interfaceIn: interface_in ?? (direction === 'in' ? (name ?? '') : ''),
    interfaceOut: interface_out ?? (direction === 'out' ? (name ?? '') : ''),
  }
}

function profilePorts({ app = '', proto, port }: RuleWish, { profiles }: Names) {
  const ports = profiles.get(app)
  if (ports === undefined)
    throw new TaskFailure(
      `ufw knows no application profile '${app}'`,
      'see `ufw app list` on the host; the case counts',
    )
  if (proto !== undefined || port !== undefined)
    throw new TaskFailure(`the profile ${app} says protocol and ports itself`, 'leave out `proto` and `port`')
  return ports.split('|').map((part) => portList({ port: part }, new Map()))
}
