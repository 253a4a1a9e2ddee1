import type { Event } from './event.ts'
import type { Output } from './live-view.ts'

/** The report for programs: one event a line, as docs/events.md describes them, and nothing else. */
export function createJsonlReporter({ output }: { output: Output }): (event: Event) => void {
  return (event) => output.write(`${JSON.stringify(event).replace(unsafe, escaped)}\n`)
}

/** What JSON lets stand and a terminal obeys, as a reader of JSON takes it for the same text. */
const unsafe = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
