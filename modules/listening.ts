import { sh } from '../engine/resource/command.ts'
import { type RawState, read } from '../engine/resource/read.ts'

/** A TCP port of the host that is listened on: the address in hexadecimal as the kernel has it, eight digits or thirty-two. */
export interface Listener {
  address: string
  port: number
}

/** The listening lines of both tables alone: a file read would bring every connection of a busy host home. */
export const listeningRead = read.raw('listening-tcp-ports', sh`grep -hs ' 0A ' /proc/net/tcp /proc/net/tcp6; :`, {
  anything: true,
})

/** What proc(5) calls the local address and the port, of each socket that listens. */
export function parseListeners({ stdout }: RawState): Listener[] {
  return stdout
    .toString('latin1')
    .split('\n')
    .flatMap((line) => {
      const match = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /.exec(line)
      return match?.[1] && match[2] ? [{ address: match[1], port: Number.parseInt(match[2], 16) }] : []
    })
}

/** Whether one of them takes connections to a loopback address. A socket for all of IPv6 takes those of IPv4 too, as a rule. */
export function isListening(listeners: readonly Listener[], host: string, port: number): boolean {
  const takers = [...ANY, ...(host === '::1' ? [LOOPBACK_6] : [hexOf(host), MAPPED + hexOf(host)])]
  return listeners.some((listener) => listener.port === port && takers.includes(listener.address))
}

/** The loopback address that a name stands for; undefined for what has to be connected to. */
export function loopbackOf(host: string): string | undefined {
  if (host === 'localhost' || host === '0.0.0.0') return '127.0.0.1'
  return /^(127(\.\d{1,3}){3}|::1)$/.test(host) ? host : undefined
}

/** The paths of Unix sockets that are listened on; see proc(5), /proc/net/unix: the flag is SO_ACCEPTCON. */
export function parseUnixListeners(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const match = /^[0-9a-f]+: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) \d{4} \d{2} +\d+ (.+)$/.exec(line)
    return match?.[1] && match[2] && Number.parseInt(match[1], 16) & 0x10000 ? [match[2]] : []
  })
}

const ANY = ['00000000', '0'.repeat(32)]
const LOOPBACK_6 = '00000000000000000000000001000000'
const MAPPED = '0000000000000000FFFF0000'

/** 127.0.0.1 is 0100007F: the bytes as a little-endian machine holds them. */
function hexOf(address: string): string {
  return address
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'))
    .join('')
}
