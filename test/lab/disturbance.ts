import { expect } from 'vitest'
import type { Event } from '../../engine/report/event.ts'
import type { LabAccess } from '../../lab/lab.ts'
import type { Controller } from './controller.ts'
import { type Cut, Wire } from './cut-rounds.ts'
import { type Outcome, out, playOn } from './play.ts'

/** A run that is disturbed at one place. */
export type Disturbance =
  /** The controller is killed: by its own count after so many lines, or after the first line that this expression fits. */
  | { kind: 'kill'; event: number | string }
  /** The host by its place among those of the run. */
  | ({ kind: 'cut'; host: number } & Pick<Cut, 'round' | 'moment' | 'back'>)

/** A playbook on hosts of the lab, to be run undisturbed or not. */
export interface Subject {
  playbook: string
  inventory: string
  nodes: readonly { name: string; address: string }[]
  access: LabAccess
  as: Controller
  /** Beside those of the inventory; nothing secret, since they are words of a command line. */
  vars?: Record<string, unknown>
}

/** The run came to a good end before the place at which it was to be disturbed. */
export class NotReached extends Error {}

const LEFT = `find / -xdev -name '.lockstep*'; ls -d /var/lib/lockstep /run/lockstep.lock 2>/dev/null || :`

/** What of the program's own is still on a host; empty when nothing is. */
export async function leftOn(host: string): Promise<string> {
  return await out(host, LEFT)
}

export async function playThrough(
  { playbook, inventory, nodes, access, vars = {} }: Subject,
  wire?: Wire,
): Promise<Outcome> {
  return await playOn({
    mode: 'run',
    playbook,
    inventory,
    access,
    vars,
    // What the last run began on a host may still be at work there, and then its lock is.
    lockTimeoutMs: 120_000,
    ...(wire
      ? {
          around: (host, remote) => wire.around(host, nodes.find(({ name }) => name === host)?.address ?? '', remote),
          onEvent: (event) => wire.note(event),
        }
      : {}),
  })
}

/** Runs it with the disturbance, which must have come about; gives what the run has told. */
export async function disturb(subject: Subject, disturbance: Disturbance): Promise<readonly Event[]> {
  const { playbook, inventory, nodes, as, vars = {} } = subject
  if (disturbance.kind === 'kill') {
    const words = ['run', playbook, '-i', inventory, '-e', JSON.stringify(vars), '--output', 'jsonl']
    const { code, said } = await as('ann', words, { killAt: disturbance.event }).ended
    const lines = said.trim().split('\n')
    if (code !== 'SIGKILL') throw endedAt(`${code}: ${lines.slice(-8).join('\n')}`, code === 0)
    if (typeof disturbance.event === 'number') expect(lines).toHaveLength(disturbance.event)
    return lines.map((line) => JSON.parse(line) as Event)
  }
  using wire = new Wire({ ...disturbance, host: nodes[disturbance.host]?.name ?? '' })
  const { events, failed } = await playThrough(subject, wire).finally(() => wire.bringBack())
  if (!wire.hasCut) throw endedAt(failed.join('; '), failed.length === 0)
  return events
}

function endedAt(how: string, isWell: boolean): Error {
  return isWell ? new NotReached('the run came to its end') : new Error(`the run ended by itself: ${how}`)
}
