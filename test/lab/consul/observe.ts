// A process of its own, so that what a test does meanwhile keeps neither writers nor looks waiting. Takes its settings as JSON on the
// first line of its standard input, says `ready` when every member answers, and at the end of that input gives the recording.
import { createInterface } from 'node:readline'
import type { Recording, Sample, Writer } from './recording.ts'
import { isAnswering } from './recording.ts'
import { takeSample, type Watched } from './sampler.ts'
import { readAll, startContender, startWriter } from './writers.ts'

export interface Settings {
  members: Watched[]
  writers: Writer[]
  /** Below it are the keys of this recording. */
  prefix: string
  service: string
  writeEveryMs: number
  lookEveryMs: number
}

const input = createInterface(process.stdin)
const lines = input[Symbol.asyncIterator]()
const first = await lines.next()
const settings = JSON.parse(first.value as string) as Settings
const { members, writers, prefix, service, writeEveryMs, lookEveryMs } = settings
const servers = members.filter(({ role }) => role === 'server').map(({ address }) => address)

const recording: Recording = { members, writers, writes: [], turns: [], samples: [], kept: {}, counter: 0 }
const looks = startLooking()
const patience = setTimeout(() => giveUp('a member does not answer'), 60_000)
await looks.ready
clearTimeout(patience)
const writing = [
  ...writers.map((writer) => startWriter(writer, prefix, writeEveryMs, recording.writes)),
  ...servers.slice(0, 2).map((address) => startContender(address, `${prefix}/counter`, 200, recording.turns)),
]
process.stdout.write('ready\n')

// Whatever ends the test ends its input, and with it this process.
while (!(await lines.next()).done);
await Promise.all(writing.map((one) => one.stop()))
await looks.stop()
recording.kept = await readAll(servers, prefix)
recording.counter = Number(recording.kept[`${prefix}/counter`] ?? 0)
process.stdout.write(`${JSON.stringify(recording)}\n`)

function giveUp(reason: string): never {
  process.stderr.write(`${reason}: ${JSON.stringify(members)}\n`)
  process.exit(1)
}

/** Looks without end, also when an earlier look is still waiting for an answer. */
function startLooking() {
  const underway = new Set<Promise<void>>()
  let turn = 0
  let resolveReady: () => void
  const ready = new Promise<void>((resolve) => {
    resolveReady = resolve
  })
  const keep = (sample: Sample) => {
    const isComplete = members.every(({ name }) => isAnswering(sample.members[name]))
    if (recording.samples.length === 0 && !isComplete) return
    recording.samples.push(sample)
    resolveReady()
  }
  const timer = setInterval(() => {
    const look = takeSample(members, service, turn++).then((sample) => {
      keep(sample)
      underway.delete(look)
    })
    underway.add(look)
  }, lookEveryMs)
  return {
    ready,
    async stop() {
      clearInterval(timer)
      await Promise.all(underway)
      recording.samples.sort((one, other) => one.at - other.at)
    },
  }
}
