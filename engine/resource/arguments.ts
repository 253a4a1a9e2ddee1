import { type SchemaOptions, type TSchema, Type } from '@sinclair/typebox'
import type { Secret } from './secret.ts'

/** A file of the controller, loaded by the engine while it compiles. */
export interface SourceFile {
  /** As the playbook names it. */
  path: string
  content: Buffer | Secret
}

/** Argument types that JSON Schema lacks. All are written as plain YAML; the engine turns them into what is named here. */
export const Arg = {
  /** Permission bits, four octal digits in quotes, as in "0644". A YAML number is refused, since 0644 and 644 are not what they seem. */
  mode: (options: SchemaOptions) => Type.String({ ...options, pattern: '^[0-7]{3,4}$', lockstep: 'mode' }),

  /** An absolute path on the host. */
  path: (options: SchemaOptions) => Type.String({ ...options, pattern: '^/', lockstep: 'path' }),

  /** A file beside the playbook or the role (`files/`): becomes a SourceFile. */
  source: (options: SchemaOptions) =>
    Type.Unsafe<SourceFile>({ ...options, type: 'string', minLength: 1, lockstep: 'source' }),

  /** A template beside the playbook or the role (`templates/`): becomes its rendered text. */
  template: (options: SchemaOptions) =>
    Type.Unsafe<{ path: string; content: string | Secret }>({
      ...options,
      type: 'string',
      minLength: 1,
      lockstep: 'template',
    }),

  /** Text that never shows: becomes a Secret. */
  secret: (options: SchemaOptions) => Type.Unsafe<Secret>({ ...options, type: 'string', lockstep: 'secret' }),

  /** Text that may come from a secret; stays text unless it does. */
  text: (options: SchemaOptions) => Type.Unsafe<string | Secret>({ ...options, type: 'string', lockstep: 'text' }),

  /** One of a few words. */
  choice: <const T extends readonly string[]>(words: T, options: SchemaOptions) =>
    Type.Unsafe<T[number]>({ ...options, type: 'string', enum: [...words] }),

  /** A strict object: an argument that is not listed is an error. */
  object: <P extends Record<string, TSchema>>(properties: P, options: SchemaOptions = {}) =>
    Type.Object(properties, { ...options, additionalProperties: false }),
}

/** The number behind an `Arg.mode`. */
export function modeOf(text: string): number {
  return Number.parseInt(text, 8)
}
