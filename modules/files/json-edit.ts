import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'

/** JSON as it is merged: no secrets, nothing unknown. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** A JSON text that is changed in place: whatever is not named stays as it is written, spaces, comments and digits included. */
export class JsonText {
  #text: string
  #tree: Node | undefined
  readonly #indent: string
  readonly #newline: string
  readonly #isOneLine: boolean

  /** Throws SyntaxError when the text is not JSON. */
  constructor(text: string) {
    this.#text = text.trim() === '' ? '{}\n' : text
    this.#indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
    this.#newline = text.includes('\r\n') ? '\r\n' : '\n'
    this.#isOneLine = !text.trim().includes('\n') && text.includes(':')
    if (this.#root().type !== 'object') throw new SyntaxError('it does not hold an object')
  }

  get text(): string {
    return this.#text
  }

  /** Merges an object into the text: objects key by key, everything else as a whole. */
  merge(value: { readonly [key: string]: Json }, path: readonly string[] = []): void {
    for (const [key, part] of Object.entries(value)) {
      const place = [...path, key]
      if (isObject(part) && this.#find(place)?.type === 'object') this.merge(part, place)
      else this.#set(place, part)
    }
  }

  /** Removes a key; nothing when it is not there. */
  remove(path: readonly string[]): void {
    const property = this.#find(path)?.parent
    const siblings = property?.parent?.children
    if (property?.type !== 'property' || !siblings) return
    const index = siblings.indexOf(property)
    const [before, after] = [siblings[index - 1], siblings[index + 1]]
    if (before) this.#splice(endOf(before), endOf(property), '')
    else if (after) this.#splice(property.offset, after.offset, '')
    else if (property.parent) this.#splice(property.parent.offset, endOf(property.parent), '{}')
    this.remove(path)
  }

  #set(path: readonly string[], value: Json): void {
    const old = this.#find(path)
    if (old) {
      if (!equal(toJson(old), value)) this.#splice(old.offset, endOf(old), this.#print(value, path.length))
      return
    }
    const object = this.#find(path.slice(0, -1))
    if (!object) return
    const entry = `${JSON.stringify(path.at(-1))}: `
    const last = object.children?.at(-1)
    const isOneLine = last && !this.#text.slice(object.offset, last.offset).includes('\n')
    if (isOneLine) {
      this.#splice(endOf(last), endOf(last), `, ${entry}${JSON.stringify(value)}`)
      return
    }
    const line = this.#newline + this.#indent.repeat(path.length)
    const text = `${line}${entry}${this.#print(value, path.length)}`
    if (last) this.#splice(endOf(last), endOf(last), `,${text}`)
    else this.#splice(object.offset, endOf(object), `{${text}${this.#newline}${this.#indent.repeat(path.length - 1)}}`)
  }

  #print(value: Json, depth: number): string {
    if (this.#isOneLine) return JSON.stringify(value)
    return JSON.stringify(value, null, this.#indent).replaceAll('\n', this.#newline + this.#indent.repeat(depth))
  }

  #splice(start: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end)
    this.#tree = undefined
  }

  #find(path: readonly string[]): Node | undefined {
    return path.reduce<Node | undefined>((node, key) => memberOf(node, key), this.#root())
  }

  #root(): Node {
    if (this.#tree) return this.#tree
    const errors: ParseError[] = []
    const root = parseTree(this.#text, errors, { allowTrailingComma: true })
    const [error] = errors
    if (error) {
      const line = this.#text.slice(0, error.offset).split('\n').length
      throw new SyntaxError(`${printParseErrorCode(error.error)} in line ${line}`)
    }
    if (!root) throw new SyntaxError('it holds no value')
    this.#tree = root
    return root
  }
}

/** Of a key that stands there twice, programs see the last. */
function memberOf(node: Node | undefined, key: string): Node | undefined {
  if (node?.type !== 'object') return undefined
  return node.children?.findLast(({ children }) => children?.[0]?.value === key)?.children?.[1]
}

function endOf({ offset, length }: Node): number {
  return offset + length
}

/** As JSON.parse would read it, whatever the keys are called. */
function toJson(node: Node): Json {
  if (node.type === 'array') return (node.children ?? []).map(toJson)
  if (node.type !== 'object') return node.value
  const entries = (node.children ?? []).map(({ children: [key, value] = [] }): [string, Json] => [
    key?.value,
    value ? toJson(value) : null,
  ])
  return Object.fromEntries(entries)
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function equal(a: Json, b: Json): boolean {
  if (!isObject(a) || !isObject(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return a === b
    return a.length === b.length && a.every((part, index) => equal(part, b[index] ?? null))
  }
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key] ?? null, b[key] ?? null))
  )
}
