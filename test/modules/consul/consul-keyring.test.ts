import { describe, expect, test } from 'vitest'
import { Secret } from '../../../engine/resource/secret.ts'
import { consulKeyring } from '../../../modules/consul/consul-keyring.ts'
import { printedAnswer } from '../../../modules/curl.ts'

const NEW = '4sCzFKWEpUYnGvzyUIrBoBB2SSkKWnVDBYwlSsTRHOQ='
const OLD = 'cg8StVXbQJ0gPvMd9o7yrg=='
const [primary, old] = [new Secret(NEW), new Secret(OLD)]
const ring = (keys: object, used: object | undefined, nodes: number, wan = false) => ({
  ...{ WAN: wan, Datacenter: 'nyc2', Segment: '', Keys: keys },
  ...(used ? { PrimaryKeys: used } : {}),
  NumNodes: nodes,
})
const state = (rings: unknown, status = 200) => ({
  ...{ code: 0, stdout: printedAnswer(status, JSON.stringify(rings)), stderr: Buffer.alloc(0) },
})

const members = (...statuses: number[]) => state(statuses.map((Status, at) => ({ Name: `m${at}`, Status })))
const have = (keyring: ReturnType<typeof state>, known = members(1, 1, 1)) => ({ keyring, members: known })

describe('consul-keyring plans', () => {
  test.each([
    ['nothing when all is as asked', [ring({ [NEW]: 3 }, { [NEW]: 3 }, 3)], {}, []],
    ['nothing of what an old version does not tell', [ring({ [NEW]: 3 }, undefined, 3)], {}, []],
    ['a rotation in order', [ring({ [OLD]: 3 }, { [OLD]: 3 }, 3)], {}, ['install', 'use', 'remove']],
    ['to keep an old key when asked', [ring({ [OLD]: 3 }, { [OLD]: 3 }, 3)], { others: [old] }, ['install', 'use']],
    ['to finish what was begun', [ring({ [OLD]: 3, [NEW]: 3 }, { [NEW]: 3 }, 3)], {}, ['remove']],
    ['to install where one has it not', [ring({ [NEW]: 2 }, { [NEW]: 3 }, 3)], {}, ['install']],
    [
      'what one ring of two lacks',
      [ring({ [NEW]: 2 }, { [NEW]: 2 }, 2, true), ring({ [OLD]: 3, [NEW]: 3 }, { [OLD]: 3 }, 3)],
      {},
      ['use', 'remove'],
    ],
  ])('%s', (_, rings, more, kinds) => {
    const { changes, after } = consulKeyring.plan({ primary, nodes: 3, ...more }, have(state(rings)))
    expect(changes.map(({ kind }) => kind)).toEqual(kinds)
    const then = after?.[0]?.state as ReturnType<typeof state>
    expect(consulKeyring.plan({ primary, nodes: 3, ...more }, have(then)).changes).toEqual([])
    expect(JSON.stringify(changes)).not.toMatch(/4sCzFK|cg8StV/)
  })

  test.each([
    [
      'when members are missing',
      state([ring({ [OLD]: 2 }, { [OLD]: 2 }, 2)]),
      '2 members are in the gossip, not 3, so the keys are left alone',
    ],
    [
      'when there are none',
      state([ring({ [OLD]: 3 }, { [OLD]: 3 }, 3, true)]),
      '0 members are in the gossip, not 3, so the keys are left alone',
    ],
    [
      'without a right to see',
      state('', 403),
      'the gossip keys of http://127.0.0.1:8500 were not to be seen: it answered 403: that takes a valid token with keyring:read',
    ],
    [
      'without it, as Consul 1.8 says that',
      { ...state([]), stdout: printedAnswer(500, 'Reading keyring denied by ACLs') },
      'the gossip keys of http://127.0.0.1:8500 were not to be seen: it answered 500: that takes a valid token with keyring:read',
    ],
    [
      'when not all servers answer',
      {
        ...state([]),
        stdout: printedAnswer(500, '2 errors occurred:\n\t* 2/3 nodes reported success\n\t* no path\n\n'),
      },
      'were not to be seen: it answered 500: 2/3 nodes reported success; no path',
    ],
    [
      'when something else answers',
      state([]),
      'the gossip keys of http://127.0.0.1:8500 were not to be seen: its answer is not of the shape that Consul gives',
    ],
    [
      'when a key is no key',
      state([ring({ '../x': 3 }, {}, 3)]),
      'the gossip keys of http://127.0.0.1:8500 were not to be seen: its answer is not of the shape that Consul gives',
    ],
  ])('nothing but a sentence %s', (_, keyring, sentence) => {
    expect(() => consulKeyring.plan({ primary, nodes: 3 }, have(keyring))).toThrow(sentence)
  })

  test.each([
    ['the next key beside the one in use', [ring({ [OLD]: 3 }, { [OLD]: 3 }, 3)], { others: [primary] }, ['install']],
    ['nothing when it is there', [ring({ [OLD]: 3, [NEW]: 3 }, { [OLD]: 3 }, 3)], { others: [primary] }, []],
    ['its use, and to keep the old one', [ring({ [OLD]: 3, [NEW]: 3 }, { [OLD]: 3 }, 3)], { primary }, ['use']],
    ['nothing of an old key that stays', [ring({ [OLD]: 3, [NEW]: 3 }, { [NEW]: 3 }, 3)], { primary }, []],
  ])('without being exclusive %s', (_, rings, wish, kinds) => {
    const want = { exclusive: false, nodes: 3, ...wish }
    const { changes, after, result } = consulKeyring.plan(want, have(state(rings)))
    expect(changes.map(({ kind }) => kind)).toEqual(kinds)
    const then = (after?.[0]?.state ?? state(rings)) as ReturnType<typeof state>
    const again = consulKeyring.plan(want, have(then))
    expect(again.changes).toEqual([])
    expect(result?.unnamed).toHaveLength(1)
    expect(again.result?.unnamed).toEqual(result?.unnamed)
    expect(result?.sealing).toHaveLength(1)
    expect(again.result?.sealing).toEqual(result?.sealing)
  })

  test.each([
    {
      title: 'names who is away',
      rings: [ring({ [OLD]: 2 }, { [OLD]: 2 }, 2)],
      known: members(1, 4, 1),
      sentence: '2 members are in the gossip, not 3, so the keys are left alone; not alive: m1',
    },
    {
      title: 'names no more than five of them',
      rings: [ring({ [OLD]: 1 }, { [OLD]: 1 }, 1)],
      known: members(1, 4, 4, 4, 4, 4, 3),
      sentence:
        '1 members are in the gossip, not 3, so the keys are left alone; not alive: m1, m2, m3, m4, m5 and others',
    },
    {
      title: 'counts the servers of all datacenters too',
      rings: [ring({ [OLD]: 3 }, { [OLD]: 3 }, 3), ring({ [OLD]: 1 }, { [OLD]: 1 }, 1, true)],
      known: state('', 403),
      sentence: '1 members are in the gossip between datacenters, not 2, so the keys are left alone',
    },
    {
      title: 'counts them when there is no such gossip',
      rings: [ring({ [OLD]: 3 }, { [OLD]: 3 }, 3)],
      known: state('', 403),
      sentence: '0 members are in the gossip between datacenters, not 2, so the keys are left alone',
    },
  ])('$title', ({ rings, known, sentence }) => {
    const want = { primary, nodes: 3, wan_nodes: 2 }
    expect(() => consulKeyring.plan(want, have(state(rings), known))).toThrow(new RegExp(`^${sentence}$`))
  })

  test('no key in an argument', () => {
    const { changes } = consulKeyring.plan({ primary, nodes: 3 }, have(state([ring({ [OLD]: 3 }, { [OLD]: 3 }, 3)])))
    for (const change of changes) {
      const commands = [consulKeyring.apply[change.kind]?.(change as never, { primary, nodes: 3 })].flat()
      expect(commands.map((command) => command?.text).join('\n')).not.toMatch(/4sCzFK|cg8StV/)
    }
  })
})
