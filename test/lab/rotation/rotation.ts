import type { Disturbance } from '../disturbance.ts'
import type { Stage } from './stage.ts'
import type { Way } from './ways.ts'

/** A playbook that changes who gets in, and what it promises about that. */
export interface Rotation {
  playbook: string
  what: string
  /** The rotation at whose end hosts and folder are at first; disks as new and an empty folder without it. */
  after?: Rotation
  /** Brings them from there to where it begins. */
  prepare?(stage: Stage): Promise<void>
  vars(stage: Stage): Record<string, unknown>
  ways: readonly Way[]
  /** Where a disturbance would do most harm; by day they hurt one run after the other, and without any it is swept by night alone. */
  dangers: readonly Disturbance[]
  /** Folders of the hosts in which nothing may stay that ends in .next or .old. */
  folders: readonly string[]
}

/** What a line of output fits that tells of a task. */
export const when = (type: 'task-started' | 'task-finished', task: string) => `"type":"${type}".*"name":"${task}"`
