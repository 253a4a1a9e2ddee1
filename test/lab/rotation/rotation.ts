import type { Disturbance } from '../disturbance.ts'
import type { Stage } from './stage.ts'
import type { Way } from './ways.ts'

/** A playbook that changes who gets in, and what it promises about that. */
export interface Rotation {
  playbook: string
  what: string
  /** From where hosts and folder are brought to where it begins; from disks as new and an empty folder without it. */
  beginning?: Beginning
  prepare?(stage: Stage): Promise<void>
  vars(stage: Stage): Record<string, unknown>
  ways: readonly Way[]
  /** Where a disturbance would do most harm; by day they hurt one run after the other. */
  dangers: readonly Disturbance[]
  /** Folders of the hosts in which nothing may stay that ends in .next or .old. */
  folders: readonly string[]
}

/** Another rotation has gone through; made once for all that begin so. */
export interface Beginning {
  end: Rotation
  prepare?(stage: Stage): Promise<void>
}

/** What a line of output fits that tells of a task. */
export const when = (type: 'task-started' | 'task-finished', task: string) => `"type":"${type}".*"name":"${task}"`
