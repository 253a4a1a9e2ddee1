import { type Place, Problem } from '../problem.ts'
import { Secret } from '../resource/secret.ts'
import type { Value } from '../resource/value.ts'
import type { ArgumentPlace } from './argument-problems.ts'
import type { ArgumentSchema } from './argument-schema.ts'
import type { Names } from './names.ts'
import { isRecord } from './observation.ts'
import type { SourceFiles } from './source-files.ts'
import type { Lexical } from './variables.ts'
import { placeOf } from './yaml-node.ts'

/** Turns written values into what the schema's own types are. */
export class Converter {
  readonly #at: ArgumentPlace
  readonly #names: Names
  readonly #files: SourceFiles
  readonly #scope: Lexical
  /** Whether a template was rendered, whose text may be another for the next host. */
  rendered = false

  constructor(at: ArgumentPlace, names: Names, files: SourceFiles, scope: Lexical) {
    this.#at = at
    this.#names = names
    this.#files = files
    this.#scope = scope
  }

  convert(value: Value, schema: ArgumentSchema, path: readonly string[]): unknown {
    const kinds = [schema.lockstep, ...(schema.anyOf ?? []).map(({ lockstep }) => lockstep)]
    if (kinds.includes('value')) return value
    if (value instanceof Secret && !kinds.some((kind) => kind === 'secret' || kind === 'text')) {
      throw new Problem({
        code: 'SECRET_SHOWN',
        message: `'${path.join('.')}' of ${this.#at.name} would show a secret`,
        place: this.#place(path),
        hint: whatTakesSecrets(this.#at.schema),
      })
    }
    if (typeof value === 'string') {
      if (kinds.includes('secret')) {
        const secret = new Secret(value)
        this.#names.secrets?.add(secret)
        return secret
      }
      if (kinds.includes('source')) return this.#files.source(value, this.#scope, this.#place(path))
      if (kinds.includes('template')) {
        this.rendered = true
        return this.#files.render(value, this.#scope, this.#names, this.#place(path))
      }
    }
    if (Array.isArray(value)) {
      const items = branch(schema, 'array')?.items ?? {}
      return value.map((item, index) => this.convert(item as Value, items, [...path, String(index)]))
    }
    if (!isRecord(value)) return value
    const object = branch(schema, 'object') ?? {}
    const rest =
      typeof object.additionalProperties === 'object'
        ? object.additionalProperties
        : (Object.values(object.patternProperties ?? {})[0] ?? {})
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [
        key,
        this.convert(part, object.properties?.[key] ?? rest, [...path, key]),
      ]),
    )
  }

  #place(path: readonly string[]): Place {
    const { node, place } = this.#at
    const first = node?.kind === 'map' ? node.entries.find(({ key }) => key === path[0]) : undefined
    return first ? placeOf(first.value) : place
  }
}

/** What the schema has filled in, and everything else as it was: a secret stays one. */
export function withDefaults(value: Value, filled: unknown): Value {
  if (Array.isArray(value) && Array.isArray(filled))
    return value.map((item, index) => withDefaults(item as Value, filled[index]))
  if (!isRecord(value) || !isRecord(filled)) return value
  return Object.fromEntries(
    Object.entries(filled).map(([key, part]) => {
      const own = Object.hasOwn(value, key) ? value[key] : undefined
      return [key, own === undefined ? part : withDefaults(own, part)]
    }),
  )
}

/** A copy with the texts of secrets, for the schema alone to see. */
export function reveal(value: Value): unknown {
  if (value instanceof Secret) return value.reveal()
  if (Array.isArray(value)) return value.map(reveal)
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reveal(part)])) : value
}

/** Whether a secret is in the value. */
export function holdsSecret(value: Value | undefined): boolean {
  if (value instanceof Secret) return true
  if (Array.isArray(value)) return value.some(holdsSecret)
  return isRecord(value) && Object.values(value).some(holdsSecret)
}

/** What stands at a path inside a value, or the part of it that holds what is missing. */
export function partOf(value: Value, path: readonly string[]): Value {
  const [first, ...rest] = path
  if (first === undefined || value === null || typeof value !== 'object' || value instanceof Secret) return value
  const part = (value as Readonly<Record<string, Value>>)[first]
  return part === undefined ? value : partOf(part, rest)
}

/** The part of a schema that is for values of a kind. */
function branch(schema: ArgumentSchema, type: string): ArgumentSchema | undefined {
  return schema.type === type ? schema : schema.anyOf?.find((each) => each.type === type)
}

/** What to do with a secret in place of showing it. */
function whatTakesSecrets({ properties = {} }: ArgumentSchema): string {
  const names = Object.keys(properties).filter((name) => SECRET_KINDS.has(properties[name]?.lockstep ?? ''))
  if (names.includes('stdin')) {
    return 'every process of the host can read the words of a command; give it on `stdin`, which nobody sees'
  }
  if (names.length === 0) return 'no argument of this takes a secret'
  return `what takes a secret here: ${names.join(', ')}`
}

const SECRET_KINDS: ReadonlySet<string> = new Set(['secret', 'text', 'value'])
