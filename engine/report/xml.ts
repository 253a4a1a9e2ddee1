/** Text as XML 1.0 may hold it, between tags and in attributes; what XML cannot hold at all is replaced. */
export function xmlText(text: string): string {
  return text.replace(illegal, '�').replace(/[&<>"'\n\r\t]/g, (character) => entities[character] ?? character)
}

/** An element; attributes without a value are left out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  content: readonly string[] = [],
): string {
  const words = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${xmlText(String(value))}"`],
  )
  const head = `<${name}${words.join('')}`
  return content.length === 0 ? `${head}/>` : `${head}>${content.join('')}</${name}>`
}

/** All but the characters of https://www.w3.org/TR/xml/#charsets. */
const illegal = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
}
