import { clipped } from '../words.ts'
import { type Element, el } from './element.ts'

/** A moment as people read it, the same for all who read the page. */
export function timeView(at: string): Element {
  return el('time', { datetime: at }, `${clipped(at, 19).replace('T', ' ')} UTC`)
}
