import { describe, expect, test } from 'vitest'
import * as judge from '../lab/consul/invariants.ts'
import type { Recording } from '../lab/consul/recording.ts'
import { leaderChanges, leaderWindows, outages, returns } from '../lab/consul/spans.ts'
import {
  ADDRESSES,
  followerRestart,
  leaderRestart,
  log,
  recording,
  sample,
  server,
  write,
} from './consul-recordings.ts'

const quiet = recording([sample(0), sample(200), sample(400)])
const nobodyLeads = { one: { ...server('one'), leader: '' }, two: { ...server('one'), leader: '' } }

describe('outages', () => {
  test('there are none in a quiet cluster', () => {
    expect(outages(quiet)).toEqual([])
  })

  test('one lasts from the last answer of the old process to the first of the new one', () => {
    expect(outages(recording(followerRestart))).toEqual([{ member: 'two', from: 100, to: 500, restartedAt: 290 }])
  })

  test('one that nobody saw between two looks is one too', () => {
    const seen = recording([sample(0), sample(200, { agent: { startedAt: 150, leader: '' } })])
    expect(outages(seen)).toEqual([{ member: 'agent', from: 0, to: 200, restartedAt: 150 }])
  })

  test('a member that stays away is out until the end', () => {
    const seen = recording([sample(0), sample(200, { two: {} }), sample(400, { two: {} })])
    expect(outages(seen)).toEqual([{ member: 'two', from: 0, to: 400 }])
    expect(judge.restarted(seen)).toEqual(['two (not back)'])
    expect(judge.silentAtTheEnd(seen)).toEqual(['two'])
  })
})

describe('leaders', () => {
  test('a window lasts from the last answer of the leader to the first look at another one that rules', () => {
    expect(leaderWindows(recording(leaderRestart))).toEqual([{ from: 100, to: 2000 }])
    expect(leaderChanges(recording(leaderRestart))).toEqual([{ from: 'one', to: 'two', at: 2000 }])
  })

  test('a window has a limit', () => {
    expect(leaderWindows(recording(leaderRestart), 1000)).toEqual([{ from: 100, to: 1100 }])
  })

  test('a follower opens none', () => {
    expect(leaderWindows(recording(followerRestart))).toEqual([])
  })
})

test('a server that was down comes back in a window, and so does no client and nobody that was not', () => {
  const seen = recording(followerRestart)
  expect(returns(seen, ['two', 'agent'], 1000)).toEqual([{ from: 290, to: 1290 }])
  expect(returns(seen, ['one'])).toEqual([])
})

/** For each invariant a recording that keeps it and one that does not. */
const rows: { title: string; judged: string[]; broken: RegExp[] }[] = [
  { title: 'I1 in a quiet cluster', judged: judge.lostQuorums(quiet), broken: [] },
  { title: 'I1 as the leader restarts', judged: judge.lostQuorums(recording(leaderRestart)), broken: [] },
  {
    title: 'I1 without a leader',
    judged: judge.lostQuorums(recording([sample(0), sample(200, nobodyLeads)])),
    broken: [/^00:00:00.200: no majority/],
  },
  { title: 'I2 as a follower restarts', judged: judge.hurtTogether(recording(followerRestart)), broken: [] },
  {
    title: 'I2 with two servers down',
    judged: judge.hurtTogether(
      recording([sample(0), sample(200, { two: {}, three: {} }), sample(400, { two: {}, three: {} }), sample(600)]),
    ),
    broken: [/two and three are down/, /two and three are down/],
  },
  {
    title: 'I2 with one server down and one far behind',
    judged: judge.hurtTogether(
      recording([sample(0), sample(200, { two: {}, three: { ...server('one'), ...log(600) } }), sample(400)]),
    ),
    broken: [/two and three/],
  },
  {
    title: 'I2 with one server a little behind',
    judged: judge.hurtTogether(
      recording([sample(0), sample(200, { two: {}, three: { ...server('one'), ...log(650) } }), sample(400)]),
    ),
    broken: [],
  },
  { title: 'I4 as the leader restarts', judged: judge.needlessElections(recording(leaderRestart)), broken: [] },
  {
    title: 'I4 with no change allowed',
    judged: judge.needlessElections(recording(leaderRestart), { maxChanges: 0 }),
    broken: [/changed 1 times, not 0/],
  },
  {
    title: 'I4 with too long a time without a leader',
    judged: judge.needlessElections(recording(leaderRestart), { maxLeaderlessMs: 1000 }),
    broken: [/no leader for 1900 ms/],
  },
  {
    title: 'I4 when a leader is deposed',
    judged: judge.needlessElections(
      recording([
        sample(0),
        sample(200, { one: server('two'), two: server('two', { state: 'Leader' }), three: server('two') }),
      ]),
    ),
    broken: [/two took over from one/],
  },
  {
    title: 'I5 when all is there',
    judged: judge.lostWrites({ ...quiet, writes: [write()], kept: { 'k/once/0': '0' } }),
    broken: [],
  },
  {
    title: 'I5 when a failed write is there, or not',
    judged: judge.lostWrites({ ...quiet, writes: [write({ isAcknowledged: false })] }),
    broken: [],
  },
  {
    title: 'I5 when a write is lost',
    judged: judge.lostWrites({ ...quiet, writes: [write()] }),
    broken: [/not there/],
  },
  {
    title: 'I5 when another value is there',
    judged: judge.lostWrites({ ...quiet, writes: [write()], kept: { 'k/once/0': '1' } }),
    broken: [/is 1$/],
  },
  {
    title: 'I5 when a raise may have been done',
    judged: judge.lostWrites(counted(['won', 'unknown', 'lost'], 2)),
    broken: [],
  },
  { title: 'I5 when a raise is lost', judged: judge.lostWrites(counted(['won', 'won'], 1)), broken: [/counter is 1/] },
  { title: 'I5 when an index is won twice', judged: judge.lostWrites(wonTwice()), broken: [/index 0 was won twice/] },
  {
    title: 'I6 when one fails as the leader restarts',
    judged: judge.failedWrites(failing(leaderRestart, { at: 300, endedAt: 400 })),
    broken: [],
  },
  {
    title: 'I6 when one fails for no reason',
    judged: judge.failedWrites(failing(leaderRestart, { at: 9000, endedAt: 9100 })),
    broken: [/k\/once\/0 failed after 1 tries: refused/],
  },
  {
    title: 'I6 when more fail than may',
    judged: judge.failedWrites(failing(leaderRestart, { at: 300, endedAt: 400 }), { maxWithoutRetry: 0 }),
    broken: [/1 writes without retry failed/],
  },
  {
    title: 'I6 when a patient client fails',
    judged: judge.failedWrites(failing(leaderRestart, { writer: 'retry', at: 300, endedAt: 400 })),
    broken: [/failed/],
  },
  {
    title: 'I7 when nobody was written through',
    judged: judge.idleServers(recording(followerRestart)),
    broken: [/^two/],
  },
  {
    title: 'I7 when it takes a write again',
    judged: judge.idleServers({ ...recording(followerRestart), writes: [write({ at: 550, through: ADDRESSES.two })] }),
    broken: [],
  },
  {
    title: 'I8 when the service is away for one look, and when nobody can tell',
    judged: judge.serviceGaps(passing([true, false, true, undefined, undefined, undefined, undefined, true])),
    broken: [],
  },
  {
    title: 'I8 when it is away for long',
    judged: judge.serviceGaps(passing([true, false, false, undefined, false, true])),
    broken: [/gone for 800 ms/],
  },
  {
    title: 'I8 when it does not come back',
    judged: judge.serviceGaps(passing([true, false])),
    broken: [/did not come back/],
  },
  { title: 'I9', judged: judge.packetsInClear(['a: k/once/1', 'b: \u0017\u0003'], 'k/'), broken: [/^a/] },
  {
    title: 'I10 when a server has left',
    judged: judge.lostVoters(recording([sample(0, { two: { ...server('one'), peers: 2, voters: 2 } })])),
    broken: [/two has 2 peers, 2 of them voters/],
  },
  { title: 'I10 when a server is down', judged: judge.lostVoters(recording(followerRestart)), broken: [] },
  { title: 'I11 of a quiet cluster', judged: judge.restarted(quiet), broken: [] },
  { title: 'I11 as a follower restarts', judged: judge.restarted(recording(followerRestart)), broken: [/^two$/] },
]

test.each(rows)('$title', ({ judged, broken }) => {
  expect(judged).toEqual(broken.map((words) => expect.stringMatching(words)))
})

describe('I3', () => {
  const twoSteps = recording([
    ...followerRestart,
    sample(9000, { two: server('one', { startedAt: 290 }) }),
    sample(9200, { two: server('one', { startedAt: 290 }), three: {} }),
    sample(9400, { two: server('one', { startedAt: 290 }), three: server('one', { startedAt: 9300 }) }),
  ])
  test.each([
    { title: 'holds after two gates', gates: [5000, 8000], broken: 0 },
    { title: 'is broken after one', gates: [5000], broken: 1 },
    { title: 'is broken by gates from before the restart', gates: [100, 200], broken: 1 },
  ])('$title', ({ gates, broken }) => {
    expect(judge.hastySteps(twoSteps, gates)).toHaveLength(broken)
  })
})

function counted(outcomes: ('won' | 'lost' | 'unknown')[], counter: number): Recording {
  const turns = outcomes.map((outcome, index) => ({ contender: 'one', index, at: index, outcome }))
  return { ...quiet, turns, counter }
}

function wonTwice(): Recording {
  const won = { index: 0, at: 0, outcome: 'won' } as const
  return {
    ...quiet,
    turns: [
      { contender: 'one', ...won },
      { contender: 'two', ...won },
    ],
    counter: 2,
  }
}

function failing(samples: Recording['samples'], more: Parameters<typeof write>[0]): Recording {
  return recording(samples, { writes: [write({ isAcknowledged: false, why: 'refused', ...more })] })
}

function passing(looks: (boolean | undefined)[]): Recording {
  return recording(
    looks.map((isPassing, index) => {
      const { isPassing: _, ...rest } = sample(index * 200)
      return isPassing === undefined ? rest : { ...rest, isPassing }
    }),
  )
}
