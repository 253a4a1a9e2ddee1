import * as judge from './invariants.ts'
import type { Recording } from './recording.ts'

/**
 * What a cluster has suffered that it must not when something goes wrong beside a rollout, in sentences. `down` are members that
 * went down by what was done to them.
 */
export function harmOf(
  recording: Recording,
  { down, isRolled }: { down: readonly string[]; isRolled: boolean },
): string[] {
  const { members } = recording
  const restarted = judge.restarted(recording).filter((name) => !isRolled && !down.includes(name))
  // Who writes through a client that is down gets no answer, and its service is away with it.
  const isClientDown = members.some(({ name, role }) => role === 'client' && down.includes(name))
  const ofClients = isClientDown
    ? []
    : [
        ...judge.failedWrites(recording, { maxWithoutRetry: Infinity, maxOutside: Infinity }),
        ...judge.serviceGaps(recording),
      ]
  return [
    ...judge.lostWrites(recording),
    ...judge.lostQuorums(recording, { down }),
    // One that is down for long is taken out of the configuration by Consul itself, and in again when it is back.
    ...(down.length > 0 ? [] : judge.lostVoters(recording)),
    ...judge.hurtTogether(recording),
    ...restarted.map((name) => `${name} was restarted`),
    ...judge.silentAtTheEnd(recording).map((name) => `${name} does not answer`),
    ...ofClients,
  ]
}
