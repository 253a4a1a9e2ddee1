import type { Place } from '../problem.ts'

/** A YAML value as it was written, compiled: literals, templates and expressions, evaluated for a host. */
export interface Written {
  readonly place: Place
}
