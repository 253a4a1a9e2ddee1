import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Problem } from '../engine/problem.ts'
import { mustRun, runCommand } from './command.ts'
import { labCommand } from './exec.ts'
import { ip, untilForwarding } from './network.ts'
import { bridge } from './place.ts'

export interface Capture {
  /** Ends it, and gives what crossed the wire until now: tcpdump's words, one string a packet. */
  stop(): Promise<string[]>
}

/**
 * Watches the bridge, which every packet between hosts, and to and from the controller, has to pass; `filter` is
 * tcpdump's, see pcap-filter(7). It watches when the promise is kept. With `isText` each packet shows its content.
 */
export async function labCapture(filter: string, { isText = false } = {}): Promise<Capture> {
  await ensureMarkerLink()
  const port = randomInt(1024, 65536)
  const words = ['-i', bridge, '-n', '-l', '-tt', '--immediate-mode', '-B', '65536', '-Z', 'root']
  if (isText) words.push('-A')
  if (filter.trim() !== '') words.push(`(${filter}) or (udp and dst host ${marker} and dst port ${port})`)
  const [program = '', ...argv] = labCommand(['tcpdump', ...words])
  const tcpdump = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(tcpdump, 'close')
  await listening(tcpdump.stderr, filter)

  const packets: string[] = []
  const isMarker = (packet: string) => packet.includes(`> ${marker}.${port}: UDP`)
  const processors = allowedProcessors()
  const marked = new Promise<void>((resolve) => {
    let markers = 0
    createInterface(tcpdump.stdout).on('line', (line) => {
      if (!/^\d+\.\d{6} /.test(line)) {
        packets.push(`${packets.pop() ?? ''}\n${line}`)
        return
      }
      packets.push(line)
      if (isMarker(line) && ++markers === processors.length) resolve()
    })
  })
  return {
    async stop() {
      for (const processor of processors) await sendMarker(processor, port)
      await Promise.race([marked, closed])
      tcpdump.kill('SIGTERM')
      await closed
      return packets.filter((packet) => !isMarker(packet))
    },
  }
}

async function listening(stderr: NodeJS.ReadableStream, filter: string): Promise<void> {
  const said: string[] = []
  for await (const line of createInterface(stderr)) {
    if (/^(tcpdump: )?listening on/.test(line)) {
      stderr.resume()
      return
    }
    said.push(line)
  }
  throw new Problem({ code: 'LAB_CAPTURE', message: `tcpdump cannot capture '${filter}': ${said.join('; ')}` })
}

/**
 * Told to stop, tcpdump leaves behind what it has not read, and the kernel what waits in the queue of a processor. So
 * markers go the way of the hosts' packets, one through each queue, and what was sent before them has arrived when they have.
 */
async function sendMarker(processor: number, port: number): Promise<void> {
  const send = `echo marker >/dev/udp/${marker}/${port}`
  await mustRun(labCommand(['taskset', '-c', String(processor), 'bash', '-c', send]))
}

/** A cable of our own into the bridge, for an address that nobody has (TEST-NET-3 of RFC 5737). */
async function ensureMarkerLink(): Promise<void> {
  const shown = await runCommand(ip('link', 'show', 'marker'))
  if (shown.code === 0) return
  await mustRun(ip('link', 'add', 'marker', 'type', 'veth', 'peer', 'name', 'marker-port'))
  await mustRun(ip('link', 'set', 'marker-port', 'addrgenmode', 'none', 'master', bridge, 'up'))
  await mustRun(ip('link', 'set', 'marker', 'addrgenmode', 'none', 'up'))
  await untilForwarding('marker-port')
  await mustRun(ip('neigh', 'replace', marker, 'lladdr', '02:00:00:00:00:02', 'dev', 'marker', 'nud', 'permanent'))
  await mustRun(ip('route', 'replace', `${marker}/32`, 'dev', 'marker'))
}

/** The list of /proc/PID/status, as in `0-3,8`. */
function allowedProcessors(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

const marker = '203.0.113.1'
