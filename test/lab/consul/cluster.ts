// A Consul cluster on lab hosts, for the tests of its playbooks.
//
//   const cluster = freshCluster()                 three servers and a client; hosts boot once a file, as new
//   beforeAll(() => cluster.build())               playbooks/consul-cluster.yml and a service on the client
//   await using watch = await cluster.watch()      writers and looks, in a process of their own; see recording.ts
//   const run = await cluster.run('playbooks/consul-rolling-restart.yml')     and cluster.check(…), as `playOn` of play.ts
//   await cluster.untilWritten(watch, 60)          three seconds later, since each writer writes 20 times a second
//   const recording = await watch.stop()           all that was written and seen, read back consistently
//   expectUnhurt(recording, { restarted: […] })    the invariants of invariants.ts at once; or each of them alone
//   await cluster.reset()                          new disks, and built again
//
//   const wire = await cluster.capture()           port 8300; packetsInClear(await wire.stop(), watch.prefix) is I9
//   await cluster.leader()                         the name of the leader; cluster.followers() the other servers
//   await cluster.ask('server1', '/v1/…')          its answer, from inside the host
import { labHostsOf } from '../../../engine/cli/lab-inventory.ts'
import { loadInventory } from '../../../engine/language/inventory.ts'
import { type Capture, labCapture } from '../../../lab/capture.ts'
import { labExec } from '../../../lab/exec.ts'
import { labReset } from '../../../lab/lab.ts'
import { until } from '../../../lab/wait.ts'
import type { LabHost } from '../../../lab/wanted.ts'
import { freshHosts, type Lab, type Outcome, out, type PlayOptions, playOn } from '../play.ts'
import type { Member } from './recording.ts'
import { type Watch, type WatchOptions, watchMembers } from './watch.ts'

export interface Cluster {
  members: Member[]
  servers: string[]
  clients: string[]
  lab: Lab
  /** The shipped inventory of the lab that it is. */
  inventory: string
  run(playbook: string, more?: PlayMore): Promise<Outcome>
  check(playbook: string, more?: PlayMore): Promise<Outcome>
  /** A healthy cluster with a service, from hosts as they are; `begin` is done when its members know a leader. */
  build(more?: { vars?: Record<string, unknown>; begin?: () => Promise<void> }): Promise<void>
  /** The same from disks as new. */
  reset(): Promise<void>
  watch(more?: Partial<WatchOptions>): Promise<Watch>
  /** The wire between the servers, with what can be read on it. */
  capture(): Promise<Capture>
  leader(): Promise<string>
  followers(): Promise<string[]>
  /** The JSON that a member answers on its own loopback; nothing when it does not answer, or with something else. */
  ask<T>(member: string, path: string): Promise<T | undefined>
  /** Each writer of the watch has so many writes behind it. */
  untilWritten(watch: Watch, count: number): Promise<void>
  /** How many writes the writer with the most has behind it. */
  written(watch: Watch): Promise<number>
  /** All members are alive, all servers vote, and autopilot calls them healthy. */
  untilHealthy(): Promise<void>
}

/** Everything that a run or a check takes but for what the cluster knows itself. */
export type PlayMore = Partial<Omit<PlayOptions, 'mode' | 'playbook' | 'inventory' | 'access'>>

export const CLUSTER_PLAYBOOK = 'playbooks/consul-cluster.yml'

/** A service of the client, whose check passes as long as its host is there. */
export const SERVICE = 'shop'

/** Three servers, or five by night: LOCKSTEP_SERVERS=5. */
export function freshCluster(count = Number(process.env.LOCKSTEP_SERVERS ?? 3)): Cluster {
  const inventory = count === 3 ? 'inventories/consul-lab.yml' : 'inventories/consul-five-lab.yml'
  const { hosts, members } = readHosts(inventory)
  const namesOf = (role: Member['role']) => members.filter((member) => member.role === role).map(({ name }) => name)
  const [servers, clients] = [namesOf('server'), namesOf('client')]
  const lab = freshHosts(hosts)

  const play = (mode: 'run' | 'check', playbook: string, { vars, ...more }: PlayMore = {}) =>
    playOn({ mode, playbook, inventory, access: lab.access, ...more, vars: { ...OPEN, ...vars } })

  const cluster: Cluster = {
    members,
    servers,
    clients,
    lab,
    inventory,
    run: (playbook, more) => play('run', playbook, more),
    check: (playbook, more) => play('check', playbook, more),
    async build({ vars = {}, begin = async () => {} } = {}) {
      const { failed } = await play('run', CLUSTER_PLAYBOOK, { vars })
      if (failed.length > 0) throw new Error(`the cluster cannot be built: ${failed.join('\n')}`)
      await begin()
      await cluster.untilHealthy()
      await registerService(clients[0] ?? '')
    },
    async reset() {
      await labReset(
        members.map(({ name }) => name),
        () => {},
      )
      await cluster.build()
    },
    watch: (more) => watchMembers(members, { service: SERVICE, ...more }),
    capture: () => labCapture('tcp port 8300', { isText: true }),
    async leader() {
      let name: string | undefined
      await until('the servers have a leader', async () => {
        const address = await cluster.ask<string>(servers[0] ?? '', '/v1/status/leader')
        name = members.find((member) => address === `${member.address}:8300`)?.name
        return name !== undefined
      })
      return name ?? ''
    },
    async followers() {
      const leader = await cluster.leader()
      return servers.filter((name) => name !== leader)
    },
    ask: askInside,
    async untilWritten({ prefix, writers }, count) {
      const last = writers.map(({ name }) => `http://127.0.0.1:8500/v1/kv/${prefix}/${name}/${count - 1}`)
      const [first = ''] = servers
      await out(
        first,
        `for url in ${last.join(' ')}; do until curl -sSf "$url" >/dev/null 2>&1; do sleep 0.1; done; done`,
      )
    },
    async written({ prefix, writers }) {
      const [first = ''] = servers
      const counts = await Promise.all(
        writers.map(
          async ({ name }) => ((await cluster.ask<string[]>(first, `/v1/kv/${prefix}/${name}/?keys`)) ?? []).length,
        ),
      )
      return Math.max(...counts)
    },
    untilHealthy: () => untilHealthy(cluster),
  }
  return cluster
}

/** The writers of the tests come from outside of the hosts. */
const OPEN = { consul_client_addr: '0.0.0.0' }

function readHosts(path: string): { hosts: LabHost[]; members: Member[] } {
  const inventory = loadInventory([path])
  const hosts = labHostsOf(inventory)
  const servers = inventory.groups.get('consul_servers') ?? []
  const roleOf = (name: string) => (servers.includes(name) ? 'server' : 'client')
  return { hosts, members: hosts.map(({ name, address }) => ({ name, address, role: roleOf(name) })) }
}

async function askInside<T>(member: string, path: string): Promise<T | undefined> {
  const { stdout } = await labExec(member, ['curl', '-sS', `http://127.0.0.1:8500${path}`])
  try {
    return JSON.parse(stdout.toString()) as T
  } catch {
    return undefined
  }
}

async function registerService(client: string): Promise<void> {
  const check = { tcp: '127.0.0.1:22', interval: '1s', timeout: '5s', status: 'passing' }
  const definition = JSON.stringify({ service: { name: SERVICE, port: 22, check } })
  await out(
    client,
    `echo '${definition}' >/etc/consul.d/${SERVICE}.json && curl -sSf -X PUT http://127.0.0.1:8500/v1/agent/reload
    until curl -sS 'http://127.0.0.1:8500/v1/health/service/${SERVICE}?passing' | grep -q '"Node"'; do sleep 0.1; done`,
  )
}

async function untilHealthy({ servers, members, ask }: Cluster): Promise<void> {
  await until('all members are alive, and all servers vote and are healthy', async () => {
    const [first = ''] = servers
    const alive = await ask<{ Status: number }[]>(first, '/v1/agent/members')
    const health = await ask<Health>(first, '/v1/operator/autopilot/health')
    const voters = health?.Servers?.filter(({ Healthy, Voter }) => Healthy && Voter) ?? []
    return alive?.filter(({ Status }) => Status === 1).length === members.length && voters.length === servers.length
  })
}

interface Health {
  Servers?: { Healthy: boolean; Voter: boolean }[]
}
