import type { Event } from './event.ts'

/** Tells recorded events to a report as if they came now; every report is a function of events, and keeps no time of its own. */
export function replay(events: Iterable<Event>, report: (event: Event) => void): void {
  for (const event of events) report(event)
}
