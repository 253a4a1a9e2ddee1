import { readFileSync } from 'node:fs'
import { bridge, interfacesOf, placeOf } from './place.ts'
import { writeWhole } from './whole-file.ts'

export interface Wire {
  isCut: boolean
  delayMs: number
}

/** What was done to the host's cable, as the next boot will find it. */
export function wireOf(host: string): Wire {
  const [, state, delay] = readFileSync(placeOf(host).wire, 'utf8').trim().split(' ')
  return { isCut: state === 'down', delayMs: Number(delay) }
}

/** Writes it down; the boot reads it. */
export function writeWire(host: string, { isCut, delayMs }: Wire): void {
  const master = delayMs > 0 ? interfacesOf(host).delayBridge : bridge
  writeWhole(placeOf(host).wire, `${master} ${isCut ? 'down' : 'up'} ${delayMs}\n`)
}
