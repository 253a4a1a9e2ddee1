/** An element of the page as data: made into HTML here and into DOM in the browser, by one function each. */
export interface Element {
  tag: string
  attributes: Readonly<Record<string, string>>
  children: readonly Child[]
}

export type Child = Element | string

/** `el('p.note', {}, 'text')`: the words after the dots are classes. */
export function el(name: string, attributes: Readonly<Record<string, string>> = {}, ...children: Child[]): Element {
  const [tag = 'div', ...classes] = name.split('.')
  const all = classes.length > 0 ? { class: classes.join(' '), ...attributes } : attributes
  return { tag, attributes: all, children }
}

/** HTML in which nothing but our own elements is markup. */
export function toHtml(child: Child): string {
  if (typeof child === 'string') return htmlText(child)
  const words = Object.entries(child.attributes).map(([name, value]) => ` ${name}="${htmlText(value)}"`)
  const head = `<${child.tag}${words.join('')}>`
  return empty.has(child.tag) ? head : `${head}${child.children.map(toHtml).join('')}</${child.tag}>`
}

export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`)
}

const empty = new Set(['input', 'br', 'col'])
