import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { Type } from '@sinclair/typebox'
import { expect, test } from 'vitest'
import type { RemoteHost } from '../../engine/remote/host.ts'
import { RemoteProblem } from '../../engine/remote/remote-problem.ts'
import type { Change } from '../../engine/resource/change.ts'
import { sh } from '../../engine/resource/command.ts'
import { defineModule } from '../../engine/resource/module.ts'
import { fileOf, predict, read, textOf } from '../../engine/resource/read.ts'
import { go, openLocal, temporaryFolder } from './harness.ts'

/** A file that lets people in. */
const door = defineModule({
  name: 'door',
  summary: 'A file that lets people in.',
  args: Type.Object({ path: Type.String(), text: Type.String() }),
  examples: [],
  resource: ({ path }) => `file:${path}`,
  reads: ({ path }) => ({ file: read.file(path) }),
  plan({ path, text }, { file }) {
    const have = textOf(file)
    const changes: Change<'write', string>[] =
      have === text ? [] : [{ kind: 'write', what: path, from: have, to: text, endangers: 'keys' }]
    return { changes, after: [predict(read.file(path), fileOf(text, { mode: 0o644 }))] }
  },
  apply: { write: ({ what, to }) => sh.write(what, to ?? '', { mode: 0o644 }) },
})

const endpoints = { client: { address: '10.0.0.5', port: 40_000 }, server: { address: '10.0.0.1', port: 22 } }

/** Hosts over a network that let somebody in so many times; before the second one nobody answers for a while. */
function opener(logins: number, silent = 0) {
  const seen = { opened: 0 }
  let left = silent
  const open = async (host: string): Promise<RemoteHost> => {
    if (seen.opened === 1 && left-- > 0) throw new RemoteProblem({ code: 'UNREACHABLE', host, message: 'refused' })
    seen.opened += 1
    if (seen.opened > logins) throw new RemoteProblem({ code: 'AUTH_FAILED', host, message: `${host} lets nobody in` })
    const remote = await openLocal(host)
    return { ...remote, way: { user: 'ops', endpoints } }
  }
  return { open, seen }
}

test('a change that endangers the way in stands when a new login proves it', async () => {
  await using at = await temporaryFolder()
  const path = `${at.path}/door`
  writeFileSync(path, 'open')
  const { open, seen } = opener(2)
  const { lines } = await go('run', { steps: [{ call: door, args: () => ({ path, text: 'ajar' }) }] }, { open })
  expect(lines).toEqual(['a t0: changed'])
  expect(readFileSync(path, 'utf8')).toBe('ajar')
  expect(seen.opened).toBe(2)
})

test('a host that is silent for a moment, since its sshd starts itself over, is tried again', async () => {
  await using at = await temporaryFolder()
  const path = `${at.path}/door`
  writeFileSync(path, 'open')
  const steps = (text: string) => [{ call: door, args: () => ({ path, text }) }]
  expect((await go('run', { steps: steps('ajar') }, { open: opener(2, 3).open })).lines).toEqual(['a t0: changed'])
  const { results } = await go('run', { steps: steps('shut') }, { open: opener(2, 99).open })
  expect(results.map(({ failure }) => failure?.code)).toEqual(['LOCKED_OUT'])
  expect(readFileSync(path, 'utf8')).toBe('ajar')
})

test('one that no new login proves is undone, file by file, and fails', async () => {
  await using at = await temporaryFolder()
  const path = `${at.path}/door`
  writeFileSync(path, 'open')
  const items = ['shut', 'shut for good']
  const { open } = opener(1)
  const steps = [
    {
      call: door,
      args: ({ item }: { item?: unknown }) => ({ path: item === 'shut' ? path : `${path}2`, text: String(item) }),
      items: () => items,
    },
  ]
  const { results } = await go('run', { steps }, { open })
  expect(results.map(({ status, failure }) => [status, failure?.code, failure?.message])).toEqual(
    items.map(() => ['failed', 'LOCKED_OUT', 'it would have cut off the way in, so it was undone: a lets nobody in']),
  )
  expect(readFileSync(path, 'utf8')).toBe('open')
  expect(existsSync(`${path}2`)).toBe(false)
})

test('one whose way back cannot be kept is not made, and says so', async () => {
  await using at = await temporaryFolder()
  const path = `${at.path}/door`
  writeFileSync(path, 'open')
  const { open, seen } = opener(2)
  const full: typeof open = async (host) => {
    const remote = await open(host)
    const first = 'ulimit -f 0; trap "" XFSZ;'
    const round: RemoteHost['round'] = ({ jobs, ...work }) => {
      const filled = jobs.map(({ commands, ...job }) => ({
        ...job,
        commands: commands.map((command) => ({ ...command, text: `( ${first}\n${command.text}\n)` })),
      }))
      return remote.round({ ...work, jobs: filled })
    }
    return { ...remote, way: remote.way, round }
  }
  const { results } = await go('run', { steps: [{ call: door, args: () => ({ path, text: 'shut' }) }] }, { open: full })
  expect(results.map(({ failure }) => failure?.command?.stderr)).toEqual([
    expect.stringMatching(/lockstep: what the change touches could not be kept for the case that it locks us out$/),
  ])
  expect(readFileSync(path, 'utf8')).toBe('open')
  expect(seen.opened).toBe(1)
})

test('nothing is proven in check mode, nor where no network lies between', async () => {
  await using at = await temporaryFolder()
  const path = `${at.path}/door`
  const steps = [{ call: door, args: () => ({ path, text: 'shut' }) }]
  const { open, seen } = opener(9)
  expect((await go('check', { steps }, { open })).lines).toEqual(['a t0: changed'])
  expect(seen.opened).toBe(1)
  expect((await go('run', { steps })).lines).toEqual(['a t0: changed'])
})

test('what a run that was killed has kept of a configuration that nobody reads any more goes with the next one', async () => {
  await using at = await temporaryFolder()
  const state = process.env.XDG_STATE_HOME ?? `${homedir()}/.local/state`
  const kept = `${process.getuid?.() === 0 ? '/var/lib' : state}/lockstep/proven-sshd`
  mkdirSync(kept, { recursive: true })
  const steps = [{ call: door, args: () => ({ path: `${at.path}/door`, text: 'ajar' }) }]
  expect((await go('check', { steps })).lines).toEqual(['a t0: changed'])
  expect(existsSync(kept)).toBe(true)
  expect((await go('run', { steps })).lines).toEqual(['a t0: changed'])
  expect(existsSync(kept)).toBe(false)
})
