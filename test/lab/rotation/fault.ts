import type { Disturbance } from '../disturbance.ts'
import { out } from '../play.ts'
import type { Rotation } from './rotation.ts'
import { HOSTS, type Stage } from './stage.ts'

/** Something that goes wrong beside a rotation. */
export interface Fault {
  what: string
  rotation: Rotation
  /** Tried by day too. */
  isQuick?: true
  /** The rotation has gone through before. */
  isOver?: true
  /** What goes wrong before the run. */
  hurt?(stage: Stage): Promise<unknown>
  /** What goes wrong in the run. */
  place?: Disturbance
  /** The ways that must be open in spite of it; without it all that were promised. */
  open?: readonly string[]
  /** How the run logs in. */
  login?(stage: Stage): object
  /** What the run fails with, a sentence each; it goes through without it. */
  says?: readonly RegExp[]
  /** Tasks of a later phase, by which the run must not change anything. */
  never?: readonly string[]
  /** What a person does then, before the next run. */
  mend?(stage: Stage): Promise<unknown>
}

export const [ONE, TWO] = HOSTS

export const NO_ROOM = /^lockout2: .*(No space left on device|KiB are free there)/s

/** The ways of the day that CAs fail: the next run comes by the account that depends on none. */
export const byBreakGlass = ({ path }: Stage) => ({
  remote_user: 'breakglass',
  private_key_file: path('ca/break-glass'),
})

/** A folder of a host on a disk of its own, which is full; and back on the disk that it was on. */
export const fill = (folder: string) => `mkdir -p ${folder} && tar -C ${folder} -cpf /run/kept.tar . &&
mount -t tmpfs -o size=2m none ${folder} && tar -C ${folder} -xpf /run/kept.tar
dd if=/dev/zero of=${folder}/rest bs=1k 2>/dev/null || :`
export const empty = (
  folder: string,
) => `rm ${folder}/rest && tar -C ${folder} -cpf /run/kept.tar . && umount ${folder} &&
tar -C ${folder} -xpf /run/kept.tar && rm /run/kept.tar`

export const full = (what: string, rotation: Rotation, folder: string, ...says: readonly RegExp[]): Fault => ({
  what: `the disk is full where ${what}`,
  rotation,
  says,
  hurt: () => out(TWO.name, fill(folder)),
  mend: () => out(TWO.name, empty(folder)),
})

/** The host is back at once. */
export const withoutPower = (when: string, rotation: Rotation, round: string): Fault => ({
  what: `a host loses its power ${when}`,
  rotation,
  place: { kind: 'cut', host: 1, round, moment: 'without power' },
})

/** The host is off from a task on, and up again with another; later phases are not begun all the same. */
export const off = (
  when: string,
  rotation: Rotation,
  { from, back, never }: { from: string; back?: string; never: readonly string[] },
): Fault => ({
  what: `a host goes off ${when}`,
  rotation,
  place: { kind: 'cut', host: 1, round: from, moment: 'off', ...(back ? { back } : {}) },
  never,
})
