import { nearest, type Place, Problem } from '../problem.ts'
import { kindOf } from './functions/define.ts'
import {
  type Entry,
  entryOf,
  keyPlace,
  type MapNode,
  placeOf,
  plainOf,
  type ScalarNode,
  type YamlNode,
} from './yaml-node.ts'

/** The entries of one mapping, each read as what it should be. What is wrong is collected; the reading goes on. */
export class Fields {
  readonly node: MapNode
  readonly problems: Problem[]

  constructor(node: MapNode, problems: Problem[]) {
    this.node = node
    this.problems = problems
  }

  entry(name: string): Entry | undefined {
    return entryOf(this.node, name)
  }

  /** The value, unless it is missing or null. */
  value(name: string): YamlNode | undefined {
    const node = this.entry(name)?.value
    return node?.kind === 'scalar' && node.value === null ? undefined : node
  }

  text(name: string): string | undefined {
    const node = this.value(name)
    if (!node) return undefined
    if (node.kind === 'scalar' && !node.isExpression && typeof node.value !== 'boolean') return node.text
    return this.#wrong(name, node, 'text')
  }

  scalar(name: string): ScalarNode | undefined {
    const node = this.value(name)
    return !node || node.kind === 'scalar' ? node : this.#wrong(name, node, 'one value')
  }

  truth(name: string): boolean | undefined {
    const node = this.value(name)
    if (!node) return undefined
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
    return this.#wrong(name, node, 'true or false', yesNoHint(node) ?? plainHint(node))
  }

  number(name: string, least: number): number | undefined {
    const node = this.value(name)
    if (!node) return undefined
    if (node.kind === 'scalar' && typeof node.value === 'number' && node.value >= least) return node.value
    return this.#wrong(name, node, least === 0 ? 'a number' : `a number of at least ${least}`, plainHint(node))
  }

  /** One of a few words. */
  choice<const T extends string>(name: string, words: readonly T[]): T | undefined {
    const node = this.value(name)
    if (!node) return undefined
    const found = node.kind === 'scalar' ? words.find((word) => word === node.value) : undefined
    if (found !== undefined) return found
    const near = node.kind === 'scalar' ? nearest(node.text, words) : undefined
    return this.#wrong(name, node, `one of ${words.join(', ')}`, near ? `did you mean '${near}'?` : undefined)
  }

  map(name: string): MapNode | undefined {
    const node = this.value(name)
    return !node || node.kind === 'map' ? node : this.#wrong(name, node, 'a mapping')
  }

  /** A list, or one value that stands for a list of itself. */
  list(name: string): readonly YamlNode[] {
    const node = this.value(name)
    if (!node) return []
    return node.kind === 'list' ? node.items : [node]
  }

  /** A list of scalars, or one. */
  scalars(name: string): ScalarNode[] {
    return this.list(name).flatMap((node) =>
      node.kind === 'scalar' ? [node] : (this.#wrong(name, node, 'a list of texts') ?? []),
    )
  }

  /** Complains about every key that is not among the names. */
  only(names: Iterable<string>, what: string, hints: Readonly<Record<string, string>> = {}): void {
    const known = [...names]
    for (const entry of this.node.entries) {
      if (known.includes(entry.key)) continue
      const near = nearest(entry.key, known)
      const hint =
        (Object.hasOwn(hints, entry.key) ? hints[entry.key] : undefined) ??
        (near ? `did you mean '${near}'?` : undefined)
      this.complain('UNKNOWN_KEYWORD', `${what} has no '${entry.key}'`, keyPlace(entry), hint)
    }
  }

  complain(code: string, message: string, place: Place, hint?: string): void {
    this.problems.push(new Problem({ code, message, place, hint }))
  }

  #wrong(name: string, node: YamlNode, wanted: string, hint?: string): undefined {
    const got = node.kind === 'scalar' && typeof node.value === 'string' ? `'${node.text}'` : kindOf(plainOf(node))
    this.complain('WRONG_TYPE', `'${name}' takes ${wanted}, not ${got}`, placeOf(node), hint)
    return undefined
  }
}

/** What must be known before the run is no template. */
function plainHint(node: YamlNode): string | undefined {
  const isTemplate = node.kind === 'scalar' && (node.isExpression || node.text.includes('{{'))
  return isTemplate ? 'it is read before the run and cannot be a template; a condition is written with when' : undefined
}

/** YAML 1.2 has two words for truth. */
export function yesNoHint(node: YamlNode): string | undefined {
  if (node.kind !== 'scalar') return undefined
  if (/^(yes|on|y)$/i.test(node.text)) return 'write true'
  return /^(no|off|n)$/i.test(node.text) ? 'write false' : undefined
}
