import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, Schema, type YAMLMap } from 'yaml'
import { Problem } from '../problem.ts'
import { HIDDEN } from '../resource/secret.ts'
import type { SourceText } from './source-text.ts'
import { composeDocument, MOST_LEVELS, TooDeep } from './yaml-document.ts'
import type { Entry, ScalarNode, Span, YamlNode } from './yaml-node.ts'

/** Parses one YAML 1.2 document; undefined when it is empty. What is wrong with it is added to `problems`. */
export function parseYaml(source: SourceText, problems: Problem[]): YamlNode | undefined {
  const document = documentOf(source, problems)
  if (!document) return undefined
  for (const { code, message, pos } of [...document.errors, ...document.warnings].slice(0, MOST_ERRORS)) {
    problems.push(problemOf(source, code, message, pos))
  }
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2') {
    problems.push(
      new Problem({
        code: 'YAML_VERSION',
        message: 'playbooks are YAML 1.2',
        place: source.placeAt(0, 1),
        hint: 'remove the %YAML line',
      }),
    )
  }
  if (document.errors.length > 0 || document.contents === null) return undefined
  const isEmpty =
    isScalar(document.contents) && document.contents.value === null && (document.contents.source ?? '') === ''
  if (isEmpty) return undefined
  const anchors = new Map<string, Node>()
  return new Reader(source, problems, anchors).read(document.contents)
}

/** Beyond these the text is no YAML at all, and telling each costs time. */
const MOST_ERRORS = 50

/** Made once: the library would make one for each document. */
const SCHEMA = new Schema({
  schema: 'core',
  resolveKnownTags: true,
  customTags: ['!cel', '!vault'].map((tag) => ({ tag, resolve: (text: string) => text })),
})

function documentOf(source: SourceText, problems: Problem[]): Document.Parsed | undefined {
  try {
    return composeDocument(source.text, {
      stringKeys: true,
      schema: SCHEMA as never,
      prettyErrors: false,
      // The library compares every key with every other; the Reader finds them faster.
      uniqueKeys: false,
    })
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error
    const place = source.placeAt(error.offset, error.offset + 1)
    const message = `lists and mappings nest at most ${MOST_LEVELS} deep`
    problems.push(new Problem({ code: 'YAML_SIZE', message, place }))
    return undefined
  }
}

/** More nodes than any playbook has: aliases that multiply each other. */
const MOST_NODES = 200_000

class Reader {
  readonly #source: SourceText
  readonly #problems: Problem[]
  readonly #anchors: Map<string, Node>
  #nodes = 0

  constructor(source: SourceText, problems: Problem[], anchors: Map<string, Node>) {
    this.#source = source
    this.#problems = problems
    this.#anchors = anchors
  }

  read(node: unknown): YamlNode {
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source)
      if (target && this.#nodes < MOST_NODES) return this.read(target)
      const at = this.#span(node)
      const name = this.#source.isSecret ? HIDDEN : node.source
      this.#complain(
        at,
        target ? 'YAML_SIZE' : 'UNKNOWN_ALIAS',
        target
          ? 'the aliases of this file multiply to more than it may hold'
          : `no anchor '&${name}' stands before this alias`,
        target ? undefined : `put text that begins with * in quotes: "*${name}"`,
      )
      return nothing(at)
    }
    this.#nodes++
    if (isMap(node)) return this.#map(node)
    if (isSeq(node)) {
      const list: YamlNode = { kind: 'list', at: this.#span(node), items: node.items.map((item) => this.read(item)) }
      this.#anchor(node)
      return list
    }
    if (isScalar(node)) {
      this.#anchor(node)
      return this.#scalar(node)
    }
    return nothing({ source: this.#source, start: 0, end: 0 })
  }

  #map(node: YAMLMap): YamlNode {
    const entries: Entry[] = []
    const merged: Entry[] = []
    const keys = new Set<string>()
    for (const { key, value } of node.items) {
      if (!isScalar(key) || this.#isSecond(key, keys)) continue
      const entry = { key: String(key.value), keyAt: this.#span(key), value: this.#valueOf(key, value) }
      if (entry.key !== '<<' || key.type !== 'PLAIN') entries.push(entry)
      else merged.push(...this.#merge(entry))
    }
    this.#anchor(node)
    const own = new Set(entries.map(({ key }) => key))
    for (const entry of merged) {
      if (own.has(entry.key)) continue
      own.add(entry.key)
      entries.push(entry)
    }
    return { kind: 'map', at: this.#span(node), entries }
  }

  #isSecond(key: Scalar, keys: Set<string>): boolean {
    const text = String(key.value)
    const isSecond = keys.has(text)
    const name = this.#source.isSecret ? HIDDEN : text
    if (isSecond) this.#complain(this.#span(key), 'DUPLICATE_KEY', `the key '${name}' stands twice in this mapping`)
    keys.add(text)
    return isSecond
  }

  /** `key:` with nothing after it is null, and stands where the key does. */
  #valueOf(key: Scalar, value: unknown): YamlNode {
    const at = value && typeof value === 'object' && 'range' in value && value.range ? undefined : this.#span(key)
    const node = at ? nothing(at) : this.read(value)
    return node.kind === 'scalar' && node.at.start >= node.at.end ? { ...node, at: this.#span(key) } : node
  }

  #merge({ value, keyAt }: Entry): Entry[] {
    const maps = value.kind === 'list' ? value.items : [value]
    return maps.flatMap((map) => {
      if (map.kind === 'map') return map.entries
      this.#complain(keyAt, 'YAML_MERGE', "'<<' takes in a mapping or a list of mappings")
      return []
    })
  }

  #scalar(node: Scalar): ScalarNode {
    const at = this.#span(node)
    const { value, source = '', type, tag } = node
    if (tag === '!vault') return this.#vault(String(value), at)
    const style = type === 'PLAIN' ? 'plain' : type?.startsWith('QUOTE') ? 'quoted' : 'block'
    if (typeof value === 'number' && style === 'plain') this.#checkNumber(source, value, at)
    const text = typeof value === 'string' ? value : source
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
    const isSecret = this.#source.isSecret && (typeof plain === 'string' || typeof plain === 'number')
    return {
      kind: 'scalar',
      at,
      value: plain,
      text,
      style,
      isExpression: tag === '!cel',
      ...(isSecret ? { isSecret } : {}),
    }
  }

  /** A value that is encrypted by itself, as `ansible-vault encrypt_string` writes it. */
  #vault(text: string, at: Span): ScalarNode {
    const { clearTexts, file } = this.#source
    if (!clearTexts || !text.startsWith('$ANSIBLE_VAULT;')) {
      this.#complain(
        at,
        'ENCRYPTED_FILE',
        clearTexts ? 'what follows !vault is no vault of Ansible' : 'a vault cannot stand in this file',
        clearTexts ? 'it begins with $ANSIBLE_VAULT;1.1;AES256' : undefined,
      )
      return nothing(at)
    }
    const place = this.#source.placeAt(at.start, at.end)
    const clear = clearTexts.read({ kind: 'vault', content: Buffer.from(text), file, place }) ?? ''
    return {
      kind: 'scalar',
      at,
      value: clear,
      text: clear,
      style: 'block',
      isExpression: false,
      isSecret: true,
      isVault: true,
    }
  }

  #checkNumber(text: string, value: number, at: Span): void {
    if (this.#source.isSecret) return
    if (/^[-+]?0\d|^0o/.test(text)) {
      this.#complain(
        at,
        'OCTAL_NUMBER',
        `${text} is the number ${value} in YAML 1.2`,
        `write it in quotes: "${text.replace('0o', '0')}"`,
      )
    } else if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      this.#complain(at, 'NUMBER_RANGE', `${text} is no number that can be held exactly`, 'write it in quotes')
    }
  }

  #anchor(node: Node & { anchor?: string }): void {
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
  }

  #span(node: Node): Span {
    const [start = 0, end = start] = node.range ?? []
    return { source: this.#source, start, end }
  }

  #complain({ start, end }: Span, code: string, message: string, hint?: string): void {
    this.#problems.push(new Problem({ code, message, place: this.#source.placeAt(start, end), hint }))
  }
}

function nothing(at: Span): ScalarNode {
  return { kind: 'scalar', at, value: null, text: '', style: 'plain', isExpression: false }
}

/** Errors of the parser in our words, where ours say more. */
function problemOf(source: SourceText, code: string, message: string, [start, end]: [number, number]): Problem {
  const place = source.placeAt(start, end)
  const line = place.source ?? ''
  if (source.isSecret) {
    const hint = `its lines are not shown; lockstep secrets edit ${source.file} opens it`
    return new Problem({
      code: 'YAML_SYNTAX',
      message: 'this encrypted file is no YAML here',
      place,
      hint,
    })
  }
  if (/(?:^|[:\-\s])\s*\{\{/.test(line) && /[:-]\s+\{\{/.test(line)) {
    return new Problem({
      code: 'UNQUOTED_TEMPLATE',
      message: 'a value that begins with {{ is a mapping to YAML',
      place: source.placeAt(start - (place.column - 1) + line.indexOf('{{'), start - (place.column - 1) + line.length),
      hint: `put it in quotes: ${line.trim().replace(/(\{\{.*)$/, '"$1"')}`,
    })
  }
  const known = KNOWN[code]
  return new Problem({
    code: 'YAML_SYNTAX',
    message: known ? known.message(source.text.slice(start, end)) : lowerFirst(message),
    place,
    hint: known?.hint,
  })
}

const KNOWN: Readonly<Record<string, { message: (text: string) => string; hint?: string }>> = {
  NON_STRING_KEY: { message: () => 'a key of a mapping is text' },
  TAB_AS_INDENT: { message: () => 'a tab cannot indent YAML', hint: 'use spaces' },
  TAG_RESOLVE_FAILED: {
    message: (text) => `the tag ${text} is unknown`,
    hint: 'the tags that there are: !cel for an expression, !vault for what Ansible Vault has encrypted',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: () => 'a mapping cannot begin in the middle of a line',
    hint: 'text that holds ": " is written in quotes',
  },
  MULTIPLE_DOCS: { message: () => 'a file holds one YAML document', hint: 'remove the second ---' },
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
