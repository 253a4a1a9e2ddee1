import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync } from 'node:fs'
import { killGroup, labGroup, makeGroup } from '../lab/cgroup.ts'

/** What one command has cost, on the machine that gives it and on the hosts. */
export interface Cost {
  code: number
  wallMs: number
  /** CPU time of the command and all that it starts. */
  controllerMs: number
  /** CPU time of all processes of all hosts. */
  hostMs: number
  /** The most memory at a time: shares of what several processes share, added up. */
  memoryMiB: number
  /** Both ways, on the cables of the hosts; a packet is what the kernel hands over at once. */
  packets: number
  bytes: number
}

export interface Order {
  argv: readonly string[]
  env: NodeJS.ProcessEnv
  cwd: string
  /** Where its words go. */
  log: string
}

/** Runs a command in a cgroup of its own; what it leaves running in the background is ended when it ends. */
export async function measured({ argv, env, cwd, log }: Order): Promise<Cost> {
  const group = `${labGroup()}/bench`
  await killGroup(group)
  makeGroup(group)
  const before = counters()
  const start = performance.now()
  const inGroup = ['-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', group, ...argv]
  const child = spawn('sh', inGroup, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const words: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => words.push(chunk))
  const memory = watchMemory(group)
  const [code] = (await once(child, 'exit')) as [number | null]
  const wallMs = performance.now() - start
  const after = counters()
  const controllerMs = cpuMs(group)
  const memoryMiB = memory.stop()
  await killGroup(group)
  appendFileSync(log, `$ ${argv.join(' ')}\n${Buffer.concat(words)}\n= ${code} after ${wallMs.toFixed()} ms\n`)
  return {
    code: code ?? 255,
    wallMs,
    controllerMs,
    hostMs: after.hostMs - before.hostMs,
    memoryMiB,
    packets: after.packets - before.packets,
    bytes: after.bytes - before.bytes,
  }
}

function counters(): { hostMs: number; packets: number; bytes: number } {
  return { hostMs: cpuMs(`${labGroup()}/hosts`), ...wires() }
}

function cpuMs(group: string): number {
  return Number(/^usage_usec (\d+)$/m.exec(readFileSync(`${group}/cpu.stat`, 'utf8'))?.[1] ?? 0) / 1000
}

/** The lab's ends of the hosts' cables, see proc_pid_net(5); we are in its network. */
function wires(): { packets: number; bytes: number } {
  let [packets, bytes] = [0, 0]
  for (const line of readFileSync('/proc/self/net/dev', 'utf8').split('\n')) {
    const [name = '', ...numbers] = line.trim().split(/[\s:]+/)
    if (!name.startsWith('port')) continue
    const count = (at: number) => Number(numbers[at] ?? 0)
    bytes += count(0) + count(8)
    packets += count(1) + count(9)
  }
  return { packets, bytes }
}

/** Looks so seldom that looking takes a twentieth of one core at most. */
function watchMemory(group: string): { stop(): number } {
  let most = 0
  let timer: NodeJS.Timeout
  const look = () => {
    const start = performance.now()
    most = Math.max(most, memoryOf(group))
    timer = setTimeout(look, Math.max(50, 20 * (performance.now() - start)))
  }
  timer = setTimeout(look, 50)
  return {
    stop() {
      clearTimeout(timer)
      return most
    },
  }
}

function memoryOf(group: string): number {
  const pids = readFileSync(`${group}/cgroup.procs`, 'utf8').split('\n').filter(Boolean)
  return pids.reduce((sum, pid) => sum + shareOf(pid), 0)
}

function shareOf(pid: string): number {
  try {
    return Number(/^Pss:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    // It has ended meanwhile.
    return 0
  }
}
