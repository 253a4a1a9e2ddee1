import { describe, expect, test } from 'vitest'
import type { Endpoints } from '../../../engine/resource/read.ts'
import { admits, missingRule, type Verdict } from '../../../modules/firewall/ufw-admits.ts'
import { parseTuple, type UfwRule } from '../../../modules/firewall/ufw-rule.ts'

const way: Endpoints = { client: { address: '10.0.0.5', port: 40_000 }, server: { address: '10.0.0.1', port: 22 } }
const six: Endpoints = { client: { address: 'fe80::5%eth0', port: 40_000 }, server: { address: 'fd00::1', port: 2222 } }
const tuple = (line: string): UfwRule => {
  const rule = parseTuple(line)
  if (!rule) throw new Error(`no rule: ${line}`)
  return rule
}

describe('a new connection is let in', () => {
  test.each<{ rules: string[]; policy?: string; verdict: Verdict }>([
    { rules: [], verdict: 'no' },
    { rules: [], policy: 'allow', verdict: 'yes' },
    { rules: ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'], verdict: 'yes' },
    { rules: ['limit tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'], verdict: 'yes' },
    { rules: ['allow any 22 0.0.0.0/0 any 10.0.0.0/24 in'], verdict: 'yes' },
    { rules: ['allow tcp 20:23,80 10.0.0.1 any 10.0.0.5 in'], verdict: 'yes' },
    { rules: ['allow udp 22 0.0.0.0/0 any 0.0.0.0/0 in'], verdict: 'no' },
    { rules: ['allow tcp 23 0.0.0.0/0 any 0.0.0.0/0 in'], verdict: 'no' },
    { rules: ['allow tcp 22 0.0.0.0/0 any 10.0.1.0/24 in'], verdict: 'no' },
    { rules: ['allow tcp 22 10.0.0.2 any 0.0.0.0/0 in'], verdict: 'no' },
    { rules: ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 out'], verdict: 'no' },
    { rules: ['route:allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'], verdict: 'no' },
    { rules: ['deny tcp 22 0.0.0.0/0 any 0.0.0.0/0 in', 'allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'], verdict: 'no' },
    { rules: ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in', 'deny tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'], verdict: 'yes' },
    { rules: ['deny tcp 22 0.0.0.0/0 any 10.0.0.5 in'], policy: 'allow', verdict: 'no' },
    { rules: ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in_eth0'], verdict: 'perhaps' },
    { rules: ['deny tcp 22 0.0.0.0/0 any 0.0.0.0/0 in_eth0'], policy: 'allow', verdict: 'perhaps' },
    { rules: ['allow tcp 22 0.0.0.0/0 1024:65535 0.0.0.0/0 in'], verdict: 'perhaps' },
  ])('$rules, otherwise $policy: $verdict', ({ rules, policy, verdict }) => {
    expect(admits(way, { 4: rules.map(tuple), 6: [] }, policy ?? 'deny')).toBe(verdict)
  })

  test('by the rules of its own family', () => {
    const rules = {
      4: [tuple('allow any any 0.0.0.0/0 any 0.0.0.0/0 in')],
      6: [tuple('allow tcp 2222 ::/0 any fe80::/10 in')],
    }
    expect(admits(six, rules, 'deny')).toBe('yes')
    expect(admits(six, { ...rules, 6: [] }, 'deny')).toBe('no')
  })

  test('from the host itself whatever the rules', () => {
    const loop = { client: { address: '127.0.0.1', port: 1 }, server: { address: '127.0.0.1', port: 22 } }
    expect(admits(loop, { 4: [], 6: [] }, 'deny')).toBe('yes')
  })
})

test('a rule that is missing is named as one would write it', () => {
  expect(missingRule(way)).toBe('{ rule: allow, from: 10.0.0.5, port: 22, proto: tcp }')
  expect(missingRule(six)).toBe('{ rule: allow, from: fe80::5, port: 2222, proto: tcp }')
})
