import type { Change } from '../../engine/resource/change.ts'
import { type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { type Endpoints, type Prediction, predictSome, read } from '../../engine/resource/read.ts'
import { admits, fits, isPassing, missingRule } from './ufw-admits.ts'
import { firewallAfter, POLICIES, ruleFilesAfter, SETTINGS, type UfwState } from './ufw-look.ts'
import { isManaged, orderRules, type RuleLists, type WantedRule } from './ufw-order.ts'
import { type RuleWish, tuplesOf, type UfwRule } from './ufw-rule.ts'

export type UfwChange =
  /** Puts into the kernel what ufw's files say. */
  | Change<'load', string>
  | (Change<'rule' | 'delete' | 'default', string> & { words: string[] })
  | Change<'logging' | 'boot' | 'enable' | 'disable', string>

type Policy = 'allow' | 'deny' | 'reject'
type Policies = Partial<Record<keyof typeof CHAINS, Policy>>

/** What a task says about the firewall; the parts of a single rule stand beside `rule`. */
export interface UfwWant extends Partial<RuleWish> {
  enabled?: boolean
  default?: Policy | Policies
  logging?: string
  rules?: RuleWish[]
  insert?: number
  managed?: string
}

/** The changes, in the order in which nothing is cut off: rules before policies, and the switch last. */
export function planUfw(want: UfwWant, have: UfwState): Plan<UfwChange> {
  const wasOn = settingOf(have.settings, 'ENABLED') === 'yes'
  const isOn = want.enabled ?? wasOn
  const way = have.connection.endpoints
  const endangers = way && ('firewall' as const)
  const changes: UfwChange[] = []
  const later: UfwChange[] = []
  let { settings, policies } = have

  if (!isOn && (wasOn || (want.enabled === false && have.live !== 'unloaded'))) {
    changes.push({ kind: 'disable', what: 'ufw', from: 'on', to: 'off' })
    settings = withLine(settings, 'ENABLED', 'no')
  }
  if (isOn && wasOn && have.live !== 'loaded') {
    changes.push({ kind: 'load', what: 'rules of ufw in the kernel', from: have.live, to: 'loaded', endangers })
  }
  if (isOn && want.enabled && have.boot === 'disabled') {
    later.push({ kind: 'boot', what: 'ufw.service', from: 'disabled', to: 'enabled' })
  }
  if (isOn && !wasOn) {
    later.push({ kind: 'enable', what: 'ufw', from: 'off', to: 'on', endangers })
    settings = withLine(settings, 'ENABLED', 'yes')
  }

  const { steps, after } = orderRules(have.rules, { ...want, rules: wantedRules(want, have) }, have.usesIPv6)
  for (const { rule, old, ...step } of steps) {
    const isRisky = isOn && way !== undefined && mayShut(step.kind, rule, old, way)
    changes.push({ ...step, what: 'rule of ufw', ...(isRisky ? { endangers } : {}) })
  }
  const level = settingOf(settings, 'LOGLEVEL') ?? 'off'
  const wantedLevel = want.logging === 'on' ? (level === 'off' ? 'low' : level) : (want.logging ?? level)
  if (wantedLevel !== level) {
    changes.push({ kind: 'logging', what: 'logging of ufw', from: level, to: wantedLevel })
    settings = withLine(settings, 'LOGLEVEL', wantedLevel)
  }
  const wanted: Policies = typeof want.default === 'string' ? { incoming: want.default } : (want.default ?? {})
  for (const [direction, policy] of Object.entries(wanted) as [keyof typeof CHAINS, Policy][]) {
    const now = policyOf(policies, direction)
    if (now === policy) continue
    changes.push({
      kind: 'default',
      what: `policy of ufw for ${direction} packets`,
      from: now,
      to: policy,
      words: [policy, direction],
      ...(isOn && direction === 'incoming' && policy !== 'allow' ? { endangers } : {}),
    })
    policies = withLine(policies, `DEFAULT_${CHAINS[direction]}_POLICY`, `"${TARGETS[policy]}"`)
  }
  changes.push(...later)

  if (changes.length > 0 && isOn && way) {
    const isOpen =
      !wasOn || have.live === 'unloaded' || admits(way, have.rules, policyOf(have.policies, 'incoming')) !== 'no'
    if (isOpen && admits(way, after, policyOf(policies, 'incoming')) === 'no') throw lockedOut(way)
  }
  const isCut =
    way === undefined && isOn && policyOf(policies, 'incoming') !== 'allow' && !letsSshIn(after) && changes.length > 0
  return {
    changes,
    after: [
      ...textAfter(SETTINGS, have.settings, settings),
      ...textAfter(POLICIES, have.policies, policies),
      ...(changes.length === 0 ? [] : [firewallAfter(after, { isLoaded: isOn, usesIPv6: have.usesIPv6 })]),
      ...(steps.length === 0 ? [] : ruleFilesAfter()),
      ...(later[0]?.kind === 'boot' ? [predictSome(read.unit('ufw.service'), { enabled: 'enabled' })] : []),
    ],
    result: { enabled: isOn, rules: after[4].length + after[6].length },
    ...(isCut
      ? {
          warnings: [
            'no rule of ufw lets port 22 in, and its policy refuses what has no rule: new logins over ssh may fail',
          ],
        }
      : {}),
  }
}

/** Whether a step may keep new connections like this one out. */
function mayShut(kind: 'rule' | 'delete', rule: UfwRule, old: UfwRule | undefined, way: Endpoints): boolean {
  if (fits(rule, way) === 'no') return false
  return kind === 'delete' ? isPassing(rule) : !isPassing(rule) && old?.action !== rule.action
}

function lockedOut(way: Endpoints): TaskFailure {
  const { client, server } = way
  return new TaskFailure(
    `with these rules ufw would refuse the connection that this run uses, from ${client.address} to port ${server.port}`,
    `let it in with the rule ${missingRule(way)}, in this task or one before it`,
  )
}

/** The single rule of a task, or its list. */
export function wishesOf({ rule, rules = [], ...parts }: UfwWant): RuleWish[] {
  return rule === undefined ? rules : [{ ...parts, rule }]
}

function wantedRules(want: UfwWant, { names, usesIPv6 }: UfwState): WantedRule[] {
  return wishesOf(want).map((wish) => {
    const comment = managedComment(wish.comment, want.managed)
    const tuples = tuplesOf({ ...wish, ...(comment === undefined ? {} : { comment }) }, names)
    if (tuples[4].length === 0 && !usesIPv6) {
      throw new TaskFailure(
        'the rule is for IPv6, which ufw leaves out on this host',
        'set IPV6=yes in /etc/default/ufw, or drop the rule',
      )
    }
    return { tuples, hasComment: comment !== undefined, isGone: wish.delete ?? false }
  })
}

/** A rule of a managed list can be told by its comment. */
function managedComment(comment: string | undefined, managed: string | undefined): string | undefined {
  if (managed === undefined || (comment !== undefined && isManaged({ comment }, managed))) return comment
  return comment ? `${managed} ${comment}` : managed
}

const CHAINS = { incoming: 'INPUT', outgoing: 'OUTPUT', routed: 'FORWARD' } as const
const TARGETS = { allow: 'ACCEPT', deny: 'DROP', reject: 'REJECT' } as const

function policyOf(policies: string, way: keyof typeof CHAINS): Policy | undefined {
  const target = settingOf(policies, `DEFAULT_${CHAINS[way]}_POLICY`)
  return target === 'accept' ? 'allow' : target === 'reject' ? 'reject' : target === 'drop' ? 'deny' : undefined
}

/** The last line counts, in lower case and without quotes, as ufw reads its files. */
function settingOf(text: string, name: string): string | undefined {
  return [...text.matchAll(new RegExp(`^${name}="?(\\w+)"?`, 'gim'))].at(-1)?.[1]?.toLowerCase()
}

/** As ufw writes a setting: each line of it anew, or one more at the end. */
function withLine(text: string, name: string, value: string): string {
  const line = new RegExp(`^${name}=.*$`, 'gm')
  return line.test(text) ? text.replace(line, () => `${name}=${value}`) : `${text}${name}=${value}\n`
}

function textAfter(path: string, old: string, text: string): Prediction[] {
  if (old === text) return []
  const content = Buffer.from(text)
  return [predictSome(read.file(path), { type: 'file', content, size: content.length })]
}

function letsSshIn(rules: RuleLists): boolean {
  return [...rules[4], ...rules[6]].some(
    ({ action, direction, route, proto, dport }) =>
      (action === 'allow' || action === 'limit') &&
      direction === 'in' &&
      !route &&
      (proto === 'any' || proto === 'tcp') &&
      dport.split(',').some((part) => {
        const [low, high] = part.split(':').map(Number)
        return part === 'any' || (low !== undefined && low <= 22 && 22 <= (high ?? low))
      }),
  )
}
