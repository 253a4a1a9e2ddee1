import type { Event, Mode } from '../report/event.ts'

/** The first line of a record: who asked for what, from where and on which hosts. Nothing in it is secret. */
export interface RecordStart {
  type: 'record-started'
  version: 1
  id: string
  at: string
  /** Version of Lockstep. */
  lockstep: string
  mode: Mode
  operator: string
  from: { host: string; user: string; folder: string; sshClient?: string }
  playbooks: readonly string[]
  inventory: readonly string[]
  limit?: readonly string[]
  tags?: readonly string[]
  skipTags?: readonly string[]
  /** Names of the variables of `-e`; their values may be secret. */
  extraVars?: readonly string[]
  /** The other flags that were given. */
  flags: Readonly<Record<string, string | number | boolean>>
  hosts: readonly string[]
  /** One hash of the playbooks, inventories and all that was read with them: equal as long as none of them is changed. */
  sources: string
  /** The file of the saved plan that was applied. */
  plan?: string
}

/** The last line; a record without it was cut off. */
export interface RecordEnd {
  type: 'record-finished'
  at: string
  exitCode: number
  /** In words, a sentence for each playbook. */
  outcome: string
}

/** What is told of a record without reading all of it. */
export interface RecordEntry {
  id: string
  path: string
  start: RecordStart
  end: RecordEnd | undefined
}

/** The whole of a record; lines that cannot be read are left out and counted. */
export interface RunRecord {
  start: RecordStart
  events: readonly Event[]
  end: RecordEnd | undefined
  unreadable: number
}

/** Sorts as time does; the random end keeps runs of one moment apart. */
export function recordId(at: Date, random: string): string {
  return `${at.toISOString().replace(/[-:]/g, '')}-${random}`
}

/** The file name of a record. */
export const RECORD_NAME = /^(\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{6})\.jsonl$/
