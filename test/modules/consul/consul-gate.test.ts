import { describe, expect, test } from 'vitest'
import { millisecondsOf } from '../../../modules/consul/consul-cluster-criteria.ts'
import { consulGate } from '../../../modules/consul/consul-gate.ts'
import { printedAnswer } from '../../../modules/curl.ts'
import { damaged, RUNS } from '../../fuzz.ts'
import fc from '../../property.ts'

const PROCESS = 'fb50d97f-2da8-488d-83a3-b05d431c740b-87-1416858'
const raft = { state: 'Follower', commit_index: '90', applied_index: '90', last_log_index: '91' }
const self = {
  Config: { Version: '1.8.7', Server: true },
  Member: { Name: 's1', Status: 1 },
  Stats: { consul: { known_servers: '3' }, raft },
}
const server = (number: number) => ({
  ...{ Name: `s${number}`, Address: `192.0.2.${number}:8300`, SerfStatus: 'alive', Leader: number === 3 },
  ...{ LastContact: number === 3 ? '0s' : '47.5ms', LastIndex: 91, Healthy: true, Voter: true },
})
const health = { Healthy: true, FailureTolerance: 1, Servers: [1, 2, 3].map(server) }
const configuration = {
  Servers: [1, 2, 3].map((number) => ({
    Node: `s${number}`,
    Address: `192.0.2.${number}:8300`,
    Leader: number === 3,
    Voter: true,
  })),
}
const addresses = [1, 2, 3].map((number) => `192.0.2.${number}:8300`)
const well = { self, leader: '192.0.2.3:8300', peers: addresses, configuration, health } as const

/** What a host prints of one look. */
function look(said: object, { status = 200, code = 0 } = {}): Buffer {
  const { self, leader, peers, configuration, health } = { ...well, ...said }
  const answers = [self, leader, peers, configuration].map((value) => printedAnswer(200, JSON.stringify(value)))
  const last = printedAnswer(status, JSON.stringify(health))
  return Buffer.concat([...answers, last, Buffer.from(`\nlockstep-look ${code} ${PROCESS}\n`)])
}

function conclude(want: object, ...looks: Buffer[]) {
  const outcome = { code: 0, stdout: Buffer.concat(looks), stderr: Buffer.from('curl: (7) refused\n') }
  const concluded = consulGate.conclude?.({ voters: 3, polls: looks.length, ...want }, outcome)
  return concluded as { failure?: string; result: Record<string, unknown> }
}

const changed = (number: number, change: object) => ({
  health: {
    ...health,
    Servers: health.Servers.map((one, index) => (index === number - 1 ? { ...one, ...change } : one)),
  },
})

describe('the gate', () => {
  test('tells a cluster that is well, and what follows from it', () => {
    const { failure, result } = conclude({ caught_up: true, restarted_since: 'before' }, look({}), look({}))
    expect(failure).toBeUndefined()
    expect(result).toMatchObject({
      ...{ passed: true, verdict: 's3 leads 3 healthy voters, and 1 of them may fail', leader: '192.0.2.3:8300' },
      ...{ leader_name: 's3', is_leader: false, commit_index: 90, version: '1.8.7', node: 's1', process: PROCESS },
    })
  })

  test.each([
    ['no leader', {}, { leader: '' }, 'the cluster has no leader'],
    [
      'another role',
      {},
      { self: { ...self, Config: { Version: '1.8.7', Server: false } } },
      'the agent here is a client, not a server',
    ],
    [
      'a process that is the same',
      { restarted_since: PROCESS },
      {},
      'the agent here has not been restarted: it is the same process as before',
    ],
    [
      'a server that is failed',
      {},
      changed(2, { SerfStatus: 'failed', Healthy: false, LastContact: '-1ns' }),
      's2 is failed in the gossip, not alive',
    ],
    [
      'a server that does not answer',
      {},
      changed(2, { Healthy: false, LastContact: '-1ns' }),
      's2 does not answer the leader',
    ],
    ['a server that is no voter', {}, changed(1, { Voter: false }), 's1 is not a voter yet'],
    [
      'a late contact',
      {},
      changed(2, { LastContact: '1.2s' }),
      's2 last heard of the leader 1200 ms ago, more than 200 ms',
    ],
    [
      'a server that is behind',
      { max_trailing: 0 },
      changed(2, { LastIndex: 90 }),
      's2 is 1 entry behind the leader, more than 0',
    ],
    ['a peer that is missing', {}, { peers: addresses.slice(1) }, 'the cluster has 2 peers, not 3'],
    ['fewer servers', { voters: 5 }, {}, 'autopilot knows 3 servers, not 5'],
    [
      'two opinions of the leader',
      {},
      { leader: '192.0.2.1:8300' },
      'the leader is 192.0.2.1:8300 for the agent here, and 192.0.2.3:8300 for the Raft configuration',
    ],
    ['too little to spare', { tolerance: 2 }, {}, 'the cluster bears the loss of 1 server, not of 2'],
    ['a member that is behind', { at_least: 100 }, {}, 'the server here is 9 entries behind the leader'],
    [
      'a candidate',
      { caught_up: true },
      { self: { ...self, Stats: { consul: {}, raft: { ...raft, state: 'Candidate' } } } },
      'the server here is a Candidate, neither follower nor leader',
    ],
    [
      'zero where there is none',
      {},
      { self: null },
      'the agent here does not tell how it is: its answer is not of the shape that Consul gives',
    ],
  ])('stops for %s', (_, want, said, verdict) => {
    expect(conclude(want, look(said)).failure).toBe(verdict)
  })

  test('reads the body of an unhealthy cluster, which comes with 429', () => {
    expect(conclude({}, look({ health: { ...health, Healthy: false } }, { status: 429 })).failure).toBe(
      'autopilot says that the cluster is not healthy',
    )
  })

  test.each([
    [0, 'the agent here does not tell how it is: it answered 403: that takes a valid token with agent:read'],
    [3, 'operator/autopilot/health was not to be had: it answered 403: that takes a valid token with operator:read'],
  ])('names the right that the token lacks, after %i answers', (before, verdict) => {
    const good = [self, '192.0.2.3:8300', addresses]
    const answers = good.slice(0, before).map((answer) => printedAnswer(200, JSON.stringify(answer)))
    const output = Buffer.concat([...answers, printedAnswer(403, ''), Buffer.from('\nlockstep-look 22 \n')])
    expect(conclude({}, output).failure).toBe(verdict)
  })

  test('stops when one look of several is bad, or the leader changes between them', () => {
    expect(conclude({}, look({ leader: '' }), look({})).failure).toBe('in look 1 of 2 the cluster has no leader')
    const other = {
      leader: '192.0.2.1:8300',
      configuration: { Servers: configuration.Servers.map((one, index) => ({ ...one, Leader: index === 0 })) },
    }
    expect(conclude({}, look({}), look(other)).failure).toBe(
      'the leader changed from 192.0.2.3:8300 to 192.0.2.1:8300 between two looks',
    )
  })

  test('stops when nothing answers, and when there is nothing at all', () => {
    expect(conclude({}, Buffer.from(`${printedAnswer(0, '')}\nlockstep-look 7 \n`))).toMatchObject({
      failure: 'the agent here does not tell how it is: curl: (7) refused',
      hint: 'start the agent; where there is no cluster yet, consul-cluster.yml builds one',
    })
    expect(conclude({}, Buffer.alloc(0)).failure).toBe('the host could not look at its agent')
  })

  test('asks of a client that it is up, alive and knows a leader', () => {
    const client = { ...self, Config: { Version: '1.8.7', Server: false }, Stats: { consul: { known_servers: '3' } } }
    const said = Buffer.concat([
      ...[client, well.leader, addresses].map((value) => printedAnswer(200, JSON.stringify(value))),
      Buffer.from('\nlockstep-look 0 \n'),
    ])
    expect(conclude({ role: 'client', voters: undefined }, said).result.verdict).toBe('s1 is alive and knows a leader')
  })

  test('has a verdict whatever a host prints, and one that is not long', () => {
    const texts = [look({}).toString('latin1'), look({ leader: '' }).toString('latin1')]
    fc.assert(
      fc.property(
        damaged(texts, [
          '{',
          '"',
          '\n',
          'lockstep-look 0 \n',
          'lockstep-http 200 5\n',
          '99999999999999999999',
          '-1',
          'null',
        ]),
        (text) => {
          const { result } = conclude({}, Buffer.from(text, 'latin1'))
          expect(JSON.stringify(result).length).toBeLessThan(10_000)
        },
      ),
      { numRuns: RUNS },
    )
  })
})

test.each([
  ['0s', 0],
  ['0', 0],
  ['47.5ms', 47.5],
  ['1m2.5s', 62_500],
  ['-1ns', undefined],
  ['', undefined],
  ['soon', undefined],
])('the duration %s is %s ms', (duration, ms) => {
  expect(millisecondsOf(duration)).toBe(ms)
})
