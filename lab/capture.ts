import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Problem } from '../engine/problem.ts'
import { mustRun } from './command.ts'
import { labCommand } from './exec.ts'
import { ip } from './network.ts'
import { bridge } from './place.ts'

export interface Capture {
  /** Ends it, and gives what crossed the wire until now: tcpdump's lines, each packet's text below its line if asked for. */
  stop(): Promise<string[]>
}

/**
 * Watches the bridge, which every packet between hosts, and to and from the controller, has to pass; `filter` is
 * tcpdump's, see pcap-filter(7). It watches when the promise is kept.
 */
export async function labCapture(filter: string, { isText = false } = {}): Promise<Capture> {
  await ensureMarker()
  const port = randomInt(1024, 65536)
  const isMarker = (line: string) => line.includes(`> ${marker}.${port}: UDP`)
  const both = filter.trim() === '' ? [] : [`(${filter}) or (udp and dst host ${marker} and dst port ${port})`]
  const words = [
    '-i',
    bridge,
    '-n',
    '-l',
    '-tt',
    '--immediate-mode',
    '-B',
    '65536',
    '-Z',
    'root',
    ...(isText ? ['-A'] : []),
  ]
  const [program = '', ...argv] = labCommand(['tcpdump', ...words, ...both])
  const tcpdump = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(tcpdump, 'close')
  await listening(tcpdump.stderr, filter)
  const lines: string[] = []
  const marked = new Promise<void>((resolve) => {
    createInterface(tcpdump.stdout).on('line', (line) => {
      if (isMarker(line)) resolve()
      lines.push(line)
    })
  })
  return {
    // tcpdump leaves packets behind when it is told to stop; our own marker is behind all others.
    async stop() {
      await mustRun(labCommand(['bash', '-c', `echo marker >/dev/udp/${marker}/${port}`]))
      await Promise.race([marked, closed])
      tcpdump.kill('SIGTERM')
      await closed
      const end = lines.findIndex(isMarker)
      return lines.slice(0, end === -1 ? lines.length : end)
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

/** An address that nobody has (TEST-NET-1 of RFC 5737), so a packet to it crosses the bridge and reaches no one. */
async function ensureMarker(): Promise<void> {
  await mustRun(ip('route', 'replace', `${marker}/32`, 'dev', bridge))
  await mustRun(ip('neigh', 'replace', marker, 'lladdr', '02:00:00:00:00:02', 'dev', bridge, 'nud', 'permanent'))
}

const marker = '192.0.2.1'
