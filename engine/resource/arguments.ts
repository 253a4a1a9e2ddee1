import { type SchemaOptions, type TSchema, Type } from '@sinclair/typebox'
import type { LargeFile } from './large-file.ts'
import { MODE_PATTERN } from './mode.ts'
import type { Secret } from './secret.ts'
import type { Value } from './value.ts'

/** A file of the controller, loaded by the engine while it compiles. */
export interface SourceFile {
  /** As the playbook names it. */
  path: string
  content: Buffer | LargeFile | Secret
}

/** Argument types that JSON Schema lacks. All are written as plain YAML; the engine turns them into what is named here. */
export const Arg = {
  /**
   * Permission bits: octal digits in quotes, as in "0644", or symbolic, as in `u=rwX,go=rX`; `modeOf` reads both. A YAML
   * number is refused, since 0644 and 644 are not what they seem.
   */
  mode: (options: SchemaOptions) => Type.String({ ...options, pattern: MODE_PATTERN, lockstep: 'mode' }),

  /** An account or group of the host, by name: numbers are refused, since a host answers with names. */
  account: (options: SchemaOptions) => Type.String({ ...options, pattern: '^(?!\\d+$)[^\\s:/-][^\\s:/]*$' }),

  /** A regular expression for text that comes from a host: RE2, so no text can hang it. */
  regexp: (options: SchemaOptions) => Type.String({ ...options, minLength: 1, lockstep: 'regexp' }),

  /** An absolute path on the host. */
  path: (options: SchemaOptions) => Type.String({ ...options, pattern: '^/[^\\n]*$', lockstep: 'path' }),

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

  /** Any value, secrets inside of it included. */
  value: (options: SchemaOptions) => Type.Unsafe<Value>({ ...options, lockstep: 'value' }),

  /** One of a few words. */
  choice: <const T extends readonly string[]>(words: T, options: SchemaOptions) =>
    Type.Unsafe<T[number]>({ ...options, type: 'string', enum: [...words] }),

  /** A strict object: an argument that is not listed is an error. */
  object: <P extends Record<string, TSchema>>(properties: P, options: SchemaOptions = {}) =>
    Type.Object(properties, { ...options, additionalProperties: false }),

  /** A rule about several arguments, for `allOf` of `Arg.object`: who breaks it reads the sentence, as in "copy takes `src` or `content`". */
  rule: (sentence: string, schema: SchemaOptions): SchemaOptions => ({ ...schema, description: sentence }),
}
