import { expect } from 'vitest'
import { expectForeseen, out } from '../play.ts'
import type { Cluster } from './cluster.ts'
import type { Recording } from './recording.ts'

export const TLS_PLAYBOOK = 'playbooks/consul-tls.yml'
export const ROTATE_PLAYBOOK = 'playbooks/rotate-consul-tls.yml'

export type Vars = Record<string, unknown>

/** The CA on the first server, as the guide has it. */
export const CA_ON_SERVER = { consul_ca_host: 'server1', consul_ca_dir: '/etc/consul.d/ssl/CA' }

/** A cluster that is built, as consul-tls.yml leaves it: its check is to find nothing to do, which `expectOver` holds it to. */
export async function startTls(cluster: Cluster): Promise<void> {
  const { failed } = await cluster.run('test/lab/consul/start-tls.yml', { vars: CA_ON_SERVER })
  if (failed.length > 0) throw new Error(`TLS cannot be started: ${failed.join('\n')}`)
  await cluster.untilHealthy()
}

/** What the members have of TLS, by hash. */
export async function tlsFiles({ members }: Cluster): Promise<string[]> {
  const look = 'find /etc/consul.d/ssl -type f -exec sha256sum {} + | sort'
  return await Promise.all(members.map(({ name }) => out(name, look)))
}

/** Rotates under writers: what check has named, without touching anything, is what happens; gives what was seen meanwhile. */
export async function rotate(cluster: Cluster, vars: Vars): Promise<Recording> {
  const before = await tlsFiles(cluster)
  const check = await cluster.check(ROTATE_PLAYBOOK, { vars })
  expect({ failed: check.failed, perhaps: check.perhaps }).toEqual({ failed: [], perhaps: [] })
  expect(await tlsFiles(cluster)).toEqual(before)
  await using watch = await cluster.watch()
  await cluster.untilWritten(watch, 20)
  const run = await cluster.run(ROTATE_PLAYBOOK, { vars })
  await cluster.untilWritten(watch, (await cluster.written(watch)) + 20)
  const recording = await watch.stop()
  expect(run.failed).toEqual([])
  expect([...new Set(run.changed)]).toEqual([...new Set(check.changed)])
  expectForeseen(check, run)
  return recording
}

/** Neither the same rotation nor the rollout of TLS has anything left to do. */
export async function expectOver(cluster: Cluster, vars: Vars, rollout: Vars): Promise<void> {
  const again = await cluster.run(ROTATE_PLAYBOOK, { vars })
  const check = await cluster.check(TLS_PLAYBOOK, { vars: rollout })
  for (const { failed, changed, perhaps } of [again, check])
    expect({ failed, changed, perhaps }).toEqual({ failed: [], changed: [], perhaps: [] })
}
