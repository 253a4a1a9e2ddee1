import { Composer, type CST, type Document, Parser, YAMLParseError } from 'yaml'

/** How deep a file may nest: further than any that a person writes, and far from where the parser's own calls end. */
export const MOST_LEVELS = 100

/** Something in the text nests deeper than `MOST_LEVELS`; tells where. */
export class TooDeep extends Error {
  readonly offset: number

  constructor(offset: number) {
    super(`deeper than ${MOST_LEVELS} levels at offset ${offset}`)
    this.offset = offset
  }
}

/**
 * The first document of a YAML text, as the library's own `parseDocument` gives it; throws TooDeep. The library composes a
 * document by calls that nest as deep as the text does, and a text that is deep enough ends the whole process.
 */
export function composeDocument(text: string, options: ConstructorParameters<typeof Composer>[0]): Document.Parsed {
  const documents = new Composer(options).compose(measured(new Parser().parse(text)), true, text.length)
  const { value: document } = documents.next() as { value: Document.Parsed }
  const { value: second } = documents.next() as { value: Document.Parsed | undefined }
  if (second) {
    const [start, end] = second.range
    document.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', 'Source contains multiple documents'))
  }
  return document
}

function* measured(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  for (const token of tokens) {
    measure(token)
    yield token
  }
}

/** Without calls that nest, since that is what it guards against. */
function measure(top: CST.Token): void {
  const waiting: [token: CST.Token, level: number][] = [[top, 0]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [token, level] = next
    if (level > MOST_LEVELS) throw new TooDeep(token.offset)
    if (token.type === 'document' && token.value) waiting.push([token.value, level])
    if (!('items' in token)) continue
    for (const { key, value } of token.items as CST.CollectionItem[]) {
      if (key) waiting.push([key, level + 1])
      if (value) waiting.push([value, level + 1])
    }
  }
}
