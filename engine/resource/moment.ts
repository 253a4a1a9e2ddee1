/** A moment as a person on the same day reads it: `14:02`, or `2026-11-24 14:02` on another day; in the time zone of this machine. */
export function moment(iso: string, now: Date): string {
  const date = new Date(iso)
  // It may come from a host, which can hold anything.
  if (Number.isNaN(date.getTime())) return iso
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`
  const day = (of: Date) => `${of.getFullYear()}-${two(of.getMonth() + 1)}-${two(of.getDate())}`
  return day(date) === day(now) ? time : `${day(date)} ${time}`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
