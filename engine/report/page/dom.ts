import type { Child } from '../html/element.ts'

/** An element of the page as DOM: all text goes in as text. */
export function toDom(child: Child): Node {
  if (typeof child === 'string') return document.createTextNode(child)
  const node = document.createElement(child.tag)
  for (const [name, value] of Object.entries(child.attributes)) node.setAttribute(name, value)
  node.append(...child.children.map(toDom))
  return node
}

/** An element that the page is known to have. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no ${id}`)
  return found as T
}
