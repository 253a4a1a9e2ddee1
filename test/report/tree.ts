import type { DefaultTreeAdapterTypes } from 'parse5'

type Node = DefaultTreeAdapterTypes.Node
export type HtmlElement = DefaultTreeAdapterTypes.Element

/** All elements below a node of a parsed page, in their order. */
export function elementsOf(node: Node | undefined): HtmlElement[] {
  if (!node || !('childNodes' in node)) return []
  return node.childNodes.flatMap((child) => [...('tagName' in child ? [child] : []), ...elementsOf(child)])
}

/** The text that a reader would see. */
export function textOf(node: Node | undefined): string {
  if (!node) return ''
  if ('value' in node) return node.value
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : ''
}
