import type { LargeFile } from './large-file.ts'
import type { Secret } from './secret.ts'
import type { Unknown } from './unknown.ts'
import type { WayIn } from './way-in.ts'

/** What a difference can be between. Long texts are shown as a unified difference, bytes as their size and hash. */
export type Side = string | number | boolean | Buffer | LargeFile | Secret | Unknown | undefined

/** One difference between what a task asks for and what the host has; `kind` chooses the leg of `apply`. */
export interface Change<K extends string = string, T extends Side = Side> {
  readonly kind: K
  /** What is changed, in the words of the host: a path, a unit, `mode of /etc/x`. */
  readonly what: string
  /** undefined: it is not there now. */
  readonly from: T | undefined
  /** undefined: it will not be there. */
  readonly to: T | undefined
  /** The sides are never shown. */
  readonly secret?: boolean
  /** The part of the way in that it may cut off: the engine undoes it unless a new login proves that the way is open. */
  readonly endangers?: WayIn | undefined
}
