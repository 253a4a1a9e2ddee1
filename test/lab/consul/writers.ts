import { setTimeout as pause } from 'node:timers/promises'
import { ask } from './ask.ts'
import type { Turn, Write, Writer } from './recording.ts'

/** What a client that does not try again waits for; longer than Consul itself holds a write when there is no leader. */
const ONE_TRY_MS = 15_000

/** A try of a client that has others to go to. */
const TRY_MS = 5_000

export interface Writing {
  /** Begins no more writes, and waits for those that are on their way. */
  stop(): Promise<void>
}

/** Writes a key each so many milliseconds, whatever becomes of the ones before. */
export function startWriter(writer: Writer, prefix: string, everyMs: number, writes: Write[]): Writing {
  const underway = new Set<Promise<void>>()
  let count = 0
  const timer = setInterval(() => {
    const number = count++
    const write = writeOne(writer, `${prefix}/${writer.name}/${number}`, String(number), number).then((written) => {
      writes.push(written)
      underway.delete(write)
    })
    underway.add(write)
  }, everyMs)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(underway)
    },
  }
}

async function writeOne({ name, through, budgetMs }: Writer, key: string, value: string, turn: number): Promise<Write> {
  const at = Date.now()
  const end = at + (budgetMs || ONE_TRY_MS)
  for (let tries = 1; ; tries++) {
    const address = through[(turn + tries - 1) % through.length] ?? ''
    // A machine that is busy may come back from a pause after the end.
    const left = Math.max(1, end - Date.now())
    const why = await failureOf(address, key, value, budgetMs === 0 ? left : Math.min(TRY_MS, left))
    const write = { writer: name, key, value, at, endedAt: Date.now(), tries, through: address }
    if (why === undefined) return { ...write, isAcknowledged: true }
    if (budgetMs === 0 || Date.now() + 200 > end) return { ...write, isAcknowledged: false, why }
    await pause(100)
  }
}

async function failureOf(address: string, key: string, value: string, timeoutMs: number): Promise<string | undefined> {
  try {
    const { status, text } = await ask(address, `/v1/kv/${key}`, { method: 'PUT', body: value, timeoutMs })
    return status === 200 && text.trim() === 'true' ? undefined : `${status} ${text.trim()}`
  } catch (error) {
    return (error as Error).message
  }
}

/** Raises a counter by check and set for as long as it is let, against others who do the same. */
export function startContender(address: string, key: string, everyMs: number, turns: Turn[]): Writing {
  let isStopping = false
  const work = (async () => {
    while (!isStopping) {
      await pause(everyMs)
      const read = await readCounter(address, key)
      if (read === undefined) continue
      const at = Date.now()
      turns.push({ contender: address, index: read.index, at, outcome: await raise(address, key, read) })
    }
  })()
  return {
    async stop() {
      isStopping = true
      await work
    },
  }
}

interface Counter {
  value: number
  index: number
}

/** The counter and the index of its last change, 0 and 0 before there is one; nothing when it cannot be read. */
async function readCounter(address: string, key: string): Promise<Counter | undefined> {
  try {
    const { status, text } = await ask(address, `/v1/kv/${key}?consistent`)
    if (status === 404) return { value: 0, index: 0 }
    if (status !== 200) return undefined
    const [entry] = JSON.parse(text) as Entry[]
    return entry && { value: Number(textIn(entry)), index: entry.ModifyIndex }
  } catch {
    return undefined
  }
}

async function raise(address: string, key: string, { value, index }: Counter): Promise<Turn['outcome']> {
  try {
    const { status, text } = await ask(address, `/v1/kv/${key}?cas=${index}`, {
      method: 'PUT',
      body: String(value + 1),
      timeoutMs: ONE_TRY_MS,
    })
    if (status !== 200) return 'unknown'
    return text.trim() === 'true' ? 'won' : 'lost'
  } catch {
    return 'unknown'
  }
}

/** Every value below a prefix, read consistently through whichever address answers; tries for half a minute. */
export async function readAll(addresses: readonly string[], prefix: string): Promise<Record<string, string>> {
  const end = Date.now() + 30_000
  for (let turn = 0; ; turn++) {
    const address = addresses[turn % addresses.length] ?? ''
    try {
      const { status, text } = await ask(address, `/v1/kv/${prefix}?recurse&consistent`, { timeoutMs: 10_000 })
      if (status === 404) return {}
      if (status === 200)
        return Object.fromEntries((JSON.parse(text) as Entry[]).map((entry) => [entry.Key, textIn(entry)]))
    } catch (error) {
      if (Date.now() > end) throw error
    }
    if (Date.now() > end) throw new Error('no server reads the keys consistently')
    await pause(250)
  }
}

interface Entry {
  Key: string
  Value: string | null
  ModifyIndex: number
}

function textIn({ Value }: Entry): string {
  return Buffer.from(Value ?? '', 'base64').toString('utf8')
}
