import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { controllerFiles } from '../../engine/cli/controller-files.ts'
import { hostOpener } from '../../engine/cli/hosts.ts'
import { runPlaybook } from '../../engine/execution/run.ts'
import { compile } from '../../engine/language/compile.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import type { RemoteHost } from '../../engine/remote/host.ts'
import type { Event, Mode, RunSummary, TaskResult } from '../../engine/report/event.ts'
import { labExec } from '../../lab/exec.ts'
import { labKill } from '../../lab/faults.ts'
import { type LabAccess, labStatus, labUp } from '../../lab/lab.ts'
import type { LabHost } from '../../lab/wanted.ts'
import { actions, modules } from '../../modules/index.ts'

export type Result = TaskResult & { host: string; task: string; module: string }

export interface Outcome {
  events: Event[]
  summary: RunSummary
  results: Result[]
  /** `host: task [item]` of all that changed, or would; sorted. */
  changed: string[]
  /** Of a check, what may run and may not: it depends on what only the run can tell. */
  perhaps: string[]
  /** `host: task [item]: sentence` of all that failed or was unreachable. */
  failed: string[]
  /** Where a module foresaw something else than came. */
  mispredicted: string[]
}

export interface PlayOptions {
  mode: Mode
  /** A playbook that ships, or one made by `files`. */
  playbook: string
  inventory: string
  access: LabAccess
  vars?: Record<string, unknown>
  limit?: string
  tags?: readonly string[]
  onEvent?: (event: Event) => void
  signal?: AbortSignal
  lockTimeoutMs?: number
  /** Stands between the run and a host. */
  around?: (host: string, remote: RemoteHost) => RemoteHost
  guardSeconds?: number
}

const CHANGES = new Set(['changed', 'known-after-apply', 'would-run'])

/** Runs or checks a playbook on hosts of the lab, as the command line does. */
export async function playOn({
  mode,
  playbook,
  inventory: path,
  access,
  vars = {},
  limit,
  tags = [],
  onEvent,
  signal,
  lockTimeoutMs,
  around = (_, remote) => remote,
  guardSeconds = 60,
}: PlayOptions): Promise<Outcome> {
  const inventory = loadInventory([path], { extraVars: vars })
  const compiled = compile({
    playbookPath: playbook,
    inventory,
    limit,
    tags,
    skipTags: [],
    extraVars: vars,
    registry: { modules, actions },
    checkMode: mode === 'check',
  })
  const events: Event[] = []
  const mispredicted: string[] = []
  const stop = signal ?? new AbortController().signal
  const flags = { forks: 20 }
  const open = await hostOpener({ inventory, plays: compiled.playbook.plays, flags, lab: access, signal: stop })
  const summary = await runPlaybook({
    mode,
    ...compiled,
    open: async (host) => around(host, await open(host)),
    lockTimeoutMs,
    emit: (event) => {
      events.push(event)
      onEvent?.(event)
    },
    now: () => new Date(),
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    controller: controllerFiles,
    forks: 20,
    operator: 'test@controller',
    guardSeconds,
    signal: stop,
    onMisprediction: (sentence) => mispredicted.push(sentence),
  })
  const results = events.flatMap((event) =>
    event.type === 'task-result'
      ? [{ ...event.result, host: event.host, task: event.task.name, module: event.task.module }]
      : [],
  )
  return {
    mispredicted,
    events,
    summary,
    results,
    changed: results
      .filter(({ status }) => CHANGES.has(status))
      .map(nameOf)
      .sort(),
    perhaps: results.filter(({ status }) => status === 'may-run').map(nameOf),
    failed: results
      .filter(({ status, tolerated }) => !tolerated && (status === 'failed' || status === 'unreachable'))
      .map((result) =>
        `${nameOf(result)}: ${result.failure?.message}\n${result.failure?.command?.stderr ?? ''}`.trim(),
      ),
  }
}

function nameOf({ host, task, item }: Result): string {
  return `${host}: ${task}${item ? ` [${item.label}]` : ''}`
}

/** What a check calls a change a run then makes, and no other but what the check has left open. */
export function expectForeseen(check: Outcome, run: Outcome): void {
  const open = new Set(
    check.results.filter(({ status }) => status !== 'changed' && status !== 'ok' && status !== 'skipped').map(nameOf),
  )
  const certain = (names: readonly string[]) => names.filter((name) => !open.has(name))
  expect(certain(run.changed)).toEqual(certain(check.changed))
}

/** An inventory of lab hosts as a file, by name and address, in one group. */
export function inventoryText(hosts: Record<string, Record<string, unknown>>, group = 'all'): string {
  const listed = { hosts }
  return JSON.stringify({
    all: { vars: { lockstep_lab: true }, ...(group === 'all' ? listed : { children: { [group]: listed } }) },
  })
}

/** Files in a folder of their own, gone when the test is over. */
export function files(texts: Record<string, string>): { path: (name: string) => string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-lab-test-'))
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return { path: (name) => join(folder, name), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** What a command says on a host, run as root without SSH; fails when the command does. */
export async function out(host: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await labExec(host, ['sh', '-c', script])
  if (code !== 0)
    throw new Error(`on ${host}, '${script}' ended with ${code}: ${stderr.toString()}${stdout.toString()}`)
  return stdout.toString().trimEnd()
}

/** The way into the lab, once its hosts are up. */
export interface Lab {
  readonly access: LabAccess
}

/** Hosts for the tests of a file or of a group: booted with disks as new before them, switched off after them. */
export function freshHosts(hosts: readonly LabHost[]): Lab {
  let access: LabAccess | undefined
  beforeAll(async () => {
    access = await labUp({ hosts, log: () => {}, isFresh: true })
  })
  afterAll(async () => {
    const present = labStatus().filter((host) => hosts.some(({ name }) => name === host.name))
    await Promise.all(present.map(({ name }) => labKill(name)))
  })
  return {
    get access() {
      if (!access) throw new Error('the hosts are up when the tests begin, not before')
      return access
    },
  }
}

/**
 * Shell text that has sshd read its settings anew and waits until it listens again: it starts itself over, with another
 * socket, and refuses whoever comes in between.
 */
export const reloadSshd = `sshd_socket() { ss -4Hltne 'sport = :22' | grep -o 'ino:[0-9]*'; }
old=$(sshd_socket); systemctl reload ssh
until new=$(sshd_socket) && [ "$new" != "$old" ]; do sleep 0.05; done`

export async function bringUp(hosts: readonly LabHost[]): Promise<LabAccess> {
  return await labUp({ hosts, log: () => {} })
}
