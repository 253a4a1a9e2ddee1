import type { Recording, Sample, Seen, Write } from '../lab/consul/recording.ts'

const SERVERS = ['one', 'two', 'three'] as const
export const ADDRESSES = { one: '192.0.2.1', two: '192.0.2.2', three: '192.0.2.3', agent: '192.0.2.50' } as const

type Name = keyof typeof ADDRESSES

/** What a quiet cluster says, led by its first server; each look may say otherwise of some members. */
export function sample(at: number, other: Partial<Record<Name, Seen>> = {}, more: Partial<Sample> = {}): Sample {
  const follower: Seen = { startedAt: 1, leader: '192.0.2.1:8300', state: 'Follower', peers: 3, voters: 3, ...log(900) }
  const members = {
    one: { ...follower, state: 'Leader' },
    two: follower,
    three: follower,
    agent: { startedAt: 1, leader: '' },
    ...other,
  }
  return { at, members, isPassing: true, ...more }
}

export function log(index: number): Seen {
  return { lastLogIndex: index, commitIndex: index, term: 2 }
}

/** A server that is led by another one, or leads. */
export function server(leader: Name, { startedAt = 1, state = 'Follower', index = 900 } = {}): Seen {
  return { startedAt, leader: `${ADDRESSES[leader]}:8300`, state, peers: 3, voters: 3, ...log(index) }
}

export function write(more: Partial<Write> = {}): Write {
  return {
    writer: 'once',
    key: 'k/once/0',
    value: '0',
    at: 100,
    endedAt: 110,
    tries: 1,
    through: ADDRESSES.agent,
    isAcknowledged: true,
    ...more,
  }
}

export function recording(samples: Sample[], more: Partial<Recording> = {}): Recording {
  return {
    members: [
      ...SERVERS.map((name) => ({ name, address: ADDRESSES[name], role: 'server' as const })),
      { name: 'agent', address: ADDRESSES.agent, role: 'client' },
    ],
    writers: [
      { name: 'once', through: [ADDRESSES.agent], budgetMs: 0 },
      { name: 'retry', through: SERVERS.map((name) => ADDRESSES[name]), budgetMs: 15_000 },
    ],
    writes: [],
    turns: [],
    samples,
    kept: {},
    counter: 0,
    ...more,
  }
}

/** A follower stops at 100, is started at 300 and answers at 500. */
export const followerRestart = [
  sample(0),
  sample(100),
  sample(200, { two: {} }),
  sample(300, { two: { startedAt: 290 } }),
  sample(400, { two: { startedAt: 290 } }),
  sample(500, { two: server('one', { startedAt: 290 }) }),
  sample(600, { two: server('one', { startedAt: 290 }) }),
]

/** The leader stops at 100, its process is gone at 300, another one rules at 2000 and it is back itself at 1000. */
export const leaderRestart = [
  sample(0),
  sample(100),
  sample(200, { one: { startedAt: 1 } }),
  sample(300, { one: {} }),
  sample(1000, {
    one: server('two', { startedAt: 900 }),
    two: { ...server('two'), leader: '' },
    three: { ...server('two'), leader: '' },
  }),
  sample(2000, {
    one: server('two', { startedAt: 900 }),
    two: server('two', { state: 'Leader' }),
    three: server('two'),
  }),
  sample(2200, {
    one: server('two', { startedAt: 900 }),
    two: server('two', { state: 'Leader' }),
    three: server('two'),
  }),
]
