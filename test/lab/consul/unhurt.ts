import { expect } from 'vitest'
import * as judge from './invariants.ts'
import type { Recording } from './recording.ts'

export interface Bounds {
  /** Members that restart, in that order; none unless given. */
  restarted?: string[]
  /** How often the leader may change, once unless given. */
  maxChanges?: number
  maxLeaderlessMs?: number
  /** Members that do not answer at the end; none unless given. */
  silent?: string[]
  /** How many writes may fail that are not tried again. */
  maxWithoutRetry?: number
  /** How many of them at a time when nothing restarts; none unless given. */
  maxOutside?: number
}

/** All invariants at once, but for those that need more than a recording: I3, I9 and what check said. */
export function expectUnhurt(recording: Recording, { restarted = [], silent = [], ...bounds }: Bounds = {}): void {
  expect({
    'I1 quorum': judge.lostQuorums(recording),
    'I2 one at a time': judge.hurtTogether(recording),
    'I4 elections': judge.needlessElections(recording, bounds),
    'I5 durability': judge.lostWrites(recording),
    'I6 availability': judge.failedWrites(recording, bounds),
    'I7 every server serves': judge
      .idleServers(recording)
      .filter((sentence) => !silent.some((name) => sentence.startsWith(`${name} `))),
    'I8 services': judge.serviceGaps(recording),
    'I10 voters': judge.lostVoters(recording),
    restarted: judge.restarted(recording),
    'silent at the end': judge.silentAtTheEnd(recording),
  }).toEqual({
    'I1 quorum': [],
    'I2 one at a time': [],
    'I4 elections': [],
    'I5 durability': [],
    'I6 availability': [],
    'I7 every server serves': [],
    'I8 services': [],
    'I10 voters': [],
    restarted,
    'silent at the end': silent,
  })
}
