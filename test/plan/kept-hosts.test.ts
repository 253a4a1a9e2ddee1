import { expect, test } from 'vitest'
import { keepHosts } from '../../engine/plan/kept-hosts.ts'
import type { Done, RemoteHost, Work } from '../../engine/remote/host.ts'
import { RemoteProblem } from '../../engine/remote/remote-problem.ts'
import { NO_CONNECTION } from '../../engine/resource/read.ts'

const lock = { by: 'ann@laptop', playbook: 'site.yml', since: '2026-01-01T00:00:00.000Z' }
const root = { user: 'root', method: 'sudo' } as const
const work: Work = { become: undefined, jobs: [], reads: [] }
const nothing: Done = { jobs: [], seen: new Map() }

/** A host that answers as it is told, and what it was asked. */
function host(answer: (work: Work) => Promise<Done>) {
  const asked: Work[] = []
  let closed = 0
  const remote: RemoteHost = {
    traffic: { rounds: 0, bytesSent: 0, bytesReceived: 0 },
    way: NO_CONNECTION,
    round: (one) => {
      asked.push(one)
      return answer(one)
    },
    release: async () => {},
    close: async () => {
      closed++
    },
  }
  let opened = 0
  const kept = keepHosts(async () => {
    opened++
    return remote
  }, lock)
  return { kept, asked, counts: () => ({ opened, closed }) }
}

test('a kept host is connected to once, locked in every round, and closed at the end', async () => {
  const { kept, asked, counts } = host(async () => nothing)
  const first = await kept.passage()('a')
  await Promise.all([first.round(work), first.round(work)])
  await first.close()
  await (await kept.passage()('a')).round({ ...work, lock: { holder: { ...lock, since: 'later' }, as: root } })
  expect(asked.map((one) => one.lock)).toEqual([
    { holder: lock, as: undefined },
    { holder: lock, as: undefined },
    { holder: lock, as: root },
  ])
  expect(counts()).toEqual({ opened: 1, closed: 0 })
  await kept.close()
  expect(counts()).toEqual({ opened: 1, closed: 1 })
})

test('a host that is opened again in one passage is connected to anew, without a lock, and is closed by who opened it', async () => {
  const { kept, asked, counts } = host(async () => nothing)
  const passage = kept.passage()
  await (await passage('a')).round(work)
  const anew = await passage('a')
  await anew.round(work)
  await anew.close()
  expect(asked.map((one) => one.lock)).toEqual([{ holder: lock, as: undefined }, undefined])
  expect(counts()).toEqual({ opened: 2, closed: 1 })
})

test('a host that another run has locked stays so', async () => {
  const { kept, asked } = host(async () => {
    throw new RemoteProblem({ code: 'LOCKED', host: 'a', message: 'bert has been working on a' })
  })
  const remote = await kept.passage()('a')
  for (let time = 0; time < 2; time++) await expect(remote.round(work)).rejects.toThrow('bert has been')
  expect(asked.length).toBe(1)
})

test('a host that was lost stays so, and the lock is asked for again after a round that only failed', async () => {
  const problems = [
    new RemoteProblem({ code: 'BECOME_FAILED', host: 'a', message: 'not allowed' }),
    new RemoteProblem({ code: 'UNREACHABLE', host: 'a', message: 'gone', lost: true }),
  ]
  const { kept, asked } = host(async () => {
    throw problems[asked.length - 1]
  })
  const remote = await kept.passage()('a')
  await expect(remote.round(work)).rejects.toThrow('not allowed')
  await expect(remote.round(work)).rejects.toThrow('gone')
  await expect(remote.round(work)).rejects.toThrow('gone')
  expect(asked.length).toBe(2)
})
