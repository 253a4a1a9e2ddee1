import { TaskFailure } from '../../engine/resource/module.ts'
import { keyOf, type Tuples, type UfwRule, wordsOf } from './ufw-rule.ts'
import type { Family } from './ufw-words.ts'

/** The rules of a host, as ufw keeps them: the order counts. */
export type RuleLists = Readonly<Record<Family, readonly UfwRule[]>>

/** A rule that a task names; without a comment of its own it keeps the one that it has. */
export interface WantedRule {
  tuples: Tuples
  hasComment: boolean
  isGone: boolean
}

export interface RuleWishes {
  /** In the order in which they shall stand. */
  rules: readonly WantedRule[]
  /** Where a new rule goes when none of the wanted ones stands behind it; counted from 1, the end without it. */
  insert?: number | undefined
  /** Rules with a comment that begins so are gone unless they are wanted. */
  managed?: string | undefined
}

/** One call of ufw, and the difference that it makes. */
export interface UfwStep {
  kind: 'rule' | 'delete'
  rule: UfwRule
  /** A rule that is there and is changed in its place. */
  old: UfwRule | undefined
  words: string[]
  from: string | undefined
  to: string | undefined
}

/** A step in one family; `position` is ufw's number of the place where the rule is put. */
interface Draft {
  kind: UfwStep['kind']
  rule: UfwRule
  old?: UfwRule | undefined
  position?: number
}

/** The calls of ufw that lead from what is there to what is wanted, and the rules that follow. */
export function orderRules(
  have: RuleLists,
  wishes: RuleWishes,
  usesIPv6: boolean,
): { steps: UfwStep[]; after: RuleLists } {
  const after = { 4: [...have[4]], 6: [...have[6]] }
  const drafts4 = arrange(after[4], '4', wishes, 0)
  const drafts6 = usesIPv6 ? arrange(after[6], '6', wishes, countOf(after[4])) : []
  const isCounted = [...drafts4, ...drafts6].some(({ position }) => position !== undefined)
  return { steps: isCounted ? [...drafts4, ...drafts6].map(stepOf) : mergeFamilies(drafts4, drafts6), after }
}

/** Whether a comment is the prefix, or goes on after it with anything but a word. */
export function isManaged({ comment }: { comment: string }, prefix: string): boolean {
  return comment.startsWith(prefix) && !/^[\w-]/.test(comment.slice(prefix.length))
}

/** Changes the list of one family as ufw will, and returns the steps. `ahead` rules are numbered before the list. */
function arrange(list: UfwRule[], family: Family, { rules, insert, managed }: RuleWishes, ahead: number): Draft[] {
  const drafts: Draft[] = []
  const find = (rule: UfwRule) => list.find((one) => keyOf(one) === keyOf(rule))
  const indexOf = (rule: UfwRule | undefined) => (rule ? list.findIndex((one) => keyOf(one) === keyOf(rule)) : -1)
  const wanted = rules
    .filter(({ tuples, isGone }) => !isGone && tuples[family].length > 0)
    .map(({ tuples, hasComment }) =>
      tuples[family].map((rule) => (hasComment ? rule : { ...rule, comment: find(rule)?.comment ?? '' })),
    )
  const heads = wanted.flatMap(([head]) => (head ? [head] : []))

  for (const unit of wanted) change(unit)
  const kept = longestRow(heads.map(indexOf).filter((index) => index >= 0)).map((index) => list[index])
  for (const unit of wanted)
    if (unit[0] && find(unit[0]) && !kept.some((one) => one && indexOf(one) === indexOf(unit[0]))) remove(unit)
  for (const [index, unit] of wanted.entries()) if (!unit.every(find)) add(unit, index)
  for (const { tuples } of rules.filter(({ isGone }) => isGone)) {
    remove(tuples[family].filter((rule) => find(rule)?.action === rule.action && find(rule)?.log === rule.log))
  }
  if (managed !== undefined) {
    const known = new Set(wanted.flat().map(keyOf))
    for (const rule of [...list]) if (isManaged(rule, managed) && !known.has(keyOf(rule))) remove([rule])
  }
  return drafts

  /** ufw changes action, logging and comment of a rule in its place. */
  function change(unit: readonly UfwRule[]): void {
    const stale = unit.filter((rule) => {
      const old = find(rule)
      return old && (old.action !== rule.action || old.log !== rule.log || old.comment !== rule.comment)
    })
    if (stale[0]) drafts.push({ kind: 'rule', rule: stale[0], old: find(stale[0]) })
    for (const rule of stale) list[indexOf(rule)] = rule
  }

  function remove(unit: readonly UfwRule[]): void {
    const gone = unit.flatMap((rule) => find(rule) ?? [])
    if (gone[0]) drafts.push({ kind: 'delete', rule: gone[0] })
    for (const rule of gone) list.splice(indexOf(rule), 1)
  }

  /** Behind the wanted rule before it and before the next one that is there; else where the task says. */
  function add(unit: readonly UfwRule[], index: number): void {
    const missing = unit.filter((rule) => !find(rule))
    const [rule] = missing
    if (!rule) return
    const first = indexOf(heads[index - 1]) + 1
    const next = heads
      .slice(index + 1)
      .map(indexOf)
      .find((at) => at >= 0)
    const position = next === undefined ? positionFrom(list, insert, first) : positionBefore(list, first, next, rule)
    drafts.push({ kind: 'rule', rule, ...(position === undefined ? {} : { position: ahead + position }) })
    if (position === undefined) list.push(...missing)
    else for (const one of missing.toReversed()) list.splice(placeOf(list, position), 0, one)
  }
}

/** How many rules ufw counts: all tuples of an application profile are one. */
function countOf(list: readonly UfwRule[]): number {
  return new Set(list.map((rule, index) => profileOf(rule) || String(index))).size
}

/** The number for `insert` that the task gives, or the first one behind `first`; undefined for the end. */
function positionFrom(list: readonly UfwRule[], wanted: number | undefined, first: number): number | undefined {
  for (let position = wanted ?? Number.POSITIVE_INFINITY; position <= countOf(list); position += 1) {
    if (placeOf(list, position) >= first) return position
  }
  return undefined
}

/** The number for `insert` that puts a rule as far back as can be between two places. */
function positionBefore(list: readonly UfwRule[], first: number, next: number, rule: UfwRule): number {
  for (let position = countOf(list); position > 0; position -= 1) {
    const place = placeOf(list, position)
    if (first <= place && place <= next) return position
  }
  throw new TaskFailure(
    `ufw cannot insert '${textOf(rule)}' where it shall stand, between the rules for an application profile`,
    'put the rule elsewhere in the list, or write the ports of the profile out',
  )
}

/** As set_rule of ufw's backend_iptables.py: tuples are counted one by one, but never parted from those of their profile. */
function placeOf(list: readonly UfwRule[], position: number): number {
  let wanted = position
  let last = ''
  for (const [index, rule] of list.entries()) {
    const current = profileOf(rule)
    if (index + 1 === wanted) {
      if ((last === '' && index > 0) || current === '' || last !== current) return index
      wanted += 1
    }
    last = current
  }
  return list.length
}

function profileOf({ dapp, sapp, dst, src, dport, sport, direction, interfaceIn, interfaceOut }: UfwRule): string {
  if (dapp === '' && sapp === '') return ''
  return [dapp || dport, dst, sapp || sport, src, interfaceIn, interfaceOut, direction].join(' ')
}

/** The longest part of the numbers that rises from left to right: what need not be moved. */
function longestRow(numbers: readonly number[]): number[] {
  const rows: number[][] = []
  for (const number of numbers) {
    const before = rows.filter((row) => (row.at(-1) ?? 0) < number)
    rows.push([...longest(before), number])
  }
  return longest(rows)
}

function longest(rows: readonly number[][]): number[] {
  return rows.reduce((best, row) => (row.length > best.length ? row : best), [])
}

/** A rule for anywhere is one call of ufw for both families; each family keeps its order. */
function mergeFamilies(drafts4: readonly Draft[], drafts6: readonly Draft[]): UfwStep[] {
  const steps: UfwStep[] = []
  let rest = [...drafts6]
  for (const draft of drafts4) {
    const open = openRule(draft.rule)
    const twin = rest.findIndex(({ kind, rule }) => kind === draft.kind && sameWords(openRule(rule), open))
    if (open.src !== 'any' || open.dst !== 'any' || twin < 0) steps.push(stepOf(draft))
    else {
      steps.push(
        ...rest.slice(0, twin).map(stepOf),
        stepOf({ ...draft, rule: open, old: draft.old && openRule(draft.old) }),
      )
      rest = rest.slice(twin + 1)
    }
  }
  return [...steps, ...rest.map(stepOf)]
}

function sameWords(a: UfwRule, b: UfwRule): boolean {
  return wordsOf(a, []).join(' ') === wordsOf(b, []).join(' ')
}

function openRule(rule: UfwRule): UfwRule {
  const open = (address: string) => (address === '0.0.0.0/0' || address === '::/0' ? 'any' : address)
  return { ...rule, src: open(rule.src), dst: open(rule.dst) }
}

function stepOf({ kind, rule, old, position }: Draft): UfwStep {
  const place = position === undefined ? '' : `, as number ${position}`
  if (kind === 'delete')
    return { kind, rule, old: rule, words: wordsOf(rule, ['delete']), from: textOf(rule), to: undefined }
  const words = wordsOf(rule, position === undefined ? [] : ['insert', String(position)])
  return { kind, rule, old, words, from: old && textOf(old), to: `${textOf(rule)}${place}` }
}

/** The rule as one could type it after `ufw`. */
function textOf(rule: UfwRule): string {
  return wordsOf(rule, [])
    .map((word) => (/[\s"]/.test(word) ? `'${word}'` : word))
    .join(' ')
}
