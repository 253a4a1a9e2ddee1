import { expect, test } from 'vitest'
import type { RemoteHost } from '../../engine/remote/host.ts'
import { sh } from '../../engine/resource/command.ts'
import { read } from '../../engine/resource/read.ts'
import { files, freshHosts, inventoryText, type Outcome, out, playOn } from './play.ts'

const HOST = 'frugal1'
const ADDRESS = '10.103.0.1'
const SYNTHETIC = 'bench/jobs/synthetic/lockstep.yml'

const lab = freshHosts([{ name: HOST, address: ADDRESS }])

/** What each round of a run has started on the host, beside the shell that is there by then. */
async function counted(mode: 'run' | 'check', playbook: string): Promise<{ outcome: Outcome; processes: number[] }> {
  const processes: number[] = []
  using folder = files({ 'hosts.json': inventoryText({ [HOST]: { address: ADDRESS } }, 'bench') })
  const around = (_: string, remote: RemoteHost): RemoteHost => ({
    round: async (work) => {
      if (processes.length === 0) await remote.round({ become: work.become, jobs: [], reads: [READY] })
      const before = await nextProcess()
      const done = await remote.round(work)
      processes.push((await nextProcess()) - before - 1)
      return done
    },
    release: () => remote.release(),
    close: () => remote.close(),
    get traffic() {
      return remote.traffic
    },
    get way() {
      return remote.way
    },
  })
  const outcome = await playOn({ mode, playbook, inventory: folder.path('hosts.json'), access: lab.access, around })
  expect(outcome.failed).toEqual([])
  return { outcome, processes }
}

/** Something that every shell can do; a round of its own, in which the shell starts. */
const READY = read.raw('a shell', sh`:`)

/** Ids are given out one after the other, to this very shell too. */
async function nextProcess(): Promise<number> {
  return Number(await out(HOST, 'echo $$'))
}

/** The least of a few times, since a timer of the host may start something of its own meanwhile. */
async function leastOf(mode: 'run' | 'check', playbook: string): Promise<{ outcome: Outcome; processes: number[] }> {
  const all: Awaited<ReturnType<typeof counted>>[] = []
  for (let times = 0; times < 3; times++) all.push(await counted(mode, playbook))
  const sum = ({ processes }: { processes: number[] }) => processes.reduce((total, each) => total + each, 0)
  const [least] = all.sort((a, b) => sum(a) - sum(b))
  if (!least) throw new Error('nothing was counted')
  return least
}

test('forty tasks on a converged host take one round, and as many processes as there are kinds of looks', async () => {
  await counted('run', SYNTHETIC)
  const again = await leastOf('run', SYNTHETIC)
  expect(again.outcome.changed).toEqual([])
  const check = await leastOf('check', SYNTHETIC)
  expect(check.outcome.changed).toEqual([])
  expect({ run: again.processes, check: check.processes }).toEqual({
    // Each step is a subshell, which becomes the last program that it runs. debts 1; parameters 1; files 1 + stat + what tar shall take;
    // units 1 + systemctl; accounts 1 + two getent; packages 1.
    check: [11],
    // And the lock: id and flock, and one more step, which looks for a guard that still stands.
    run: [14],
  })
  expect([again, check].map(({ outcome }) => outcome.summary.hosts[HOST]?.rounds)).toEqual([2, 2])
})

test('a file is written and read back by so many processes', async () => {
  const task = 'copy: { dest: /etc/frugal.conf, owner: daemon, group: daemon, mode: "0640", content: "a = 1\\n" }'
  using folder = files({
    'play.yml': `- hosts: bench\n  become: true\n  gather_facts: false\n  tasks: [{ ${task} }]\n`,
  })
  const all: number[] = []
  for (let times = 0; times < 3; times++) {
    await out(HOST, 'rm -f /etc/frugal.conf')
    const { outcome, processes } = await counted('run', folder.path('play.yml'))
    expect(outcome.changed).toHaveLength(1)
    expect(processes).toHaveLength(2)
    all.push(processes[1] ?? 0)
  }
  // The step and the subshell of the write, chown, chmod, wc, sync, mv; and to look: 1 + stat + what tar shall take.
  expect(Math.min(...all)).toBe(10)
})

test('a run leaves no process behind', async () => {
  const running = async () =>
    (await out(HOST, "ps -eo user:20,args --no-headers | grep -v -e 'ps -eo' -e grep")).split('\n')
  const before = new Set(await running())
  await counted('check', SYNTHETIC)
  await expect.poll(async () => (await running()).filter((line) => !before.has(line))).toEqual([])
})
