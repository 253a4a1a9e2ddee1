import type { ConsulLook } from './consul-look.ts'

/** One thing that must hold, whether it does, and what was seen; `complaint` is the sentence when it does not. */
export interface Criterion {
  name: string
  passed: boolean
  seen: string
  complaint: string
}

/** What is asked of a cluster. */
export interface GateWish {
  role: 'server' | 'client'
  voters: number | undefined
  tolerance: number
  maxTrailing: number
  maxLastContactMs: number
  isCaughtUp: boolean
  /** Raft index that this member must have reached. */
  atLeast: number
  /** The process that was there before. */
  before: string | undefined
}

/** One of them. */
export function criterion(name: string, passed: boolean, seen: string, complaint: string): Criterion {
  return { name, passed, seen, complaint }
}

/** That something was not to be had, and why. */
export function unsaid(reasons: ConsulLook['reasons'], path: string): string {
  return `${path} was not to be had: ${reasons[path] ?? 'the agent does not answer'}`
}

/** As in `1 voter` and `3 entries`. */
export function counted(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : noun.replace(/y?$/, (end) => (end === 'y' ? 'ies' : 's'))}`
}
