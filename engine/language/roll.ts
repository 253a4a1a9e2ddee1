import { expressionOf } from './expression.ts'
import { Fields } from './fields.ts'
import type { Amount, Order, Roll } from './playbook.ts'
import type { Lexical } from './variables.ts'
import { placeOf, type YamlNode } from './yaml-node.ts'

/** What `serial`, `order` and `max_failures` say; undefined when none of them stands here. */
export function rollOf(fields: Fields, scope: Lexical): Roll | undefined {
  const names = ['serial', 'order', 'max_failures', 'max_fail_percentage']
  if (!names.some((name) => fields.value(name))) return undefined
  const serial = fields.list('serial').flatMap((node) => amountOf(fields, 'serial', node, 1) ?? [])
  const percentage = fields.number('max_fail_percentage', 0)
  const failures = fields.value('max_failures')
  const maxFailures = failures
    ? amountOf(fields, 'max_failures', failures, 0)
    : percentage === undefined
      ? undefined
      : ({ kind: 'share', percent: percentage } as const)
  return {
    order: orderOf(fields, scope),
    ...(serial.length > 0 ? { serial } : {}),
    ...(maxFailures ? { maxFailures } : {}),
  }
}

/** All hosts at once, in the order of the inventory. */
export const EVERYONE: Roll = { order: { kind: 'inventory' } }

const ORDERS = ['inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle'] as const

function orderOf(fields: Fields, scope: Lexical): Order {
  const node = fields.value('order')
  if (!node) return { kind: 'inventory' }
  if (node.kind !== 'map') {
    const kind = fields.choice('order', ORDERS) ?? 'inventory'
    return kind === 'shuffle' ? { kind, seed: '' } : { kind }
  }
  const parts = new Fields(node, fields.problems)
  const count = fields.problems.length
  parts.only(['by', 'dynamic', 'ask', 'shuffle'], 'order')
  const by = parts.scalar('by')
  const ask = parts.text('ask')
  const seed = parts.text('shuffle')
  if (by && seed === undefined) {
    const dynamic = parts.truth('dynamic') === true || ask !== undefined
    return { kind: 'by', by: expressionOf(by, fields.problems), scope, dynamic, ...(ask === undefined ? {} : { ask }) }
  }
  if (seed !== undefined && !by && !parts.entry('dynamic') && !parts.entry('ask')) return { kind: 'shuffle', seed }
  if (fields.problems.length === count)
    fields.complain('MISSING_ARG', "order needs 'by', an expression, or 'shuffle', a seed", placeOf(node))
  return { kind: 'inventory' }
}

function amountOf(fields: Fields, name: string, node: YamlNode, least: number): Amount | undefined {
  if (node.kind === 'scalar') {
    const { value, text } = node
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]
    if (typeof value === 'number' && Number.isInteger(value) && value >= least) return { kind: 'count', count: value }
    if (percent !== undefined && Number(percent) <= 100) return { kind: 'share', percent: Number(percent) }
  }
  fields.complain(
    'WRONG_TYPE',
    `'${name}' takes a number of hosts of at least ${least}, or a share such as 25%`,
    placeOf(node),
  )
  return undefined
}
