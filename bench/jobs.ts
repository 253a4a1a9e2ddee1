import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labExec } from '../lab/exec.ts'
import { labReset } from '../lab/lab.ts'
import { placeOf } from '../lab/place.ts'
import type { LabHost } from '../lab/wanted.ts'

/** A job, written once for each tool the way its own users would. */
export interface Job {
  name: string
  /** Hosts it is measured on, when nobody says how many. */
  sizes: readonly number[]
  /** The inventory's group. */
  group: string
  playbook: string
  ansible: string
  /** One shell script a host; CHECK=1 makes it tell what differs. */
  floor: string
  /** Says, run as root on a host, `changed=0` when the job is done there. */
  verify: string
  hosts(count: number): LabHost[]
  /** What the inventory says of a host. */
  vars(host: LabHost): Record<string, string | number>
  /** What the floor's script has to be told of a host. */
  settings(host: LabHost, all: readonly LabHost[]): Record<string, string>
  /** Brings hosts back to what they were before the job. */
  undo(hosts: readonly LabHost[]): Promise<void>
}

/** What Ansible's users have on their hosts. */
const onHosts = ['python3-apt']

const synthetic: Job = {
  name: 'synthetic',
  sizes: [3, 30, 100],
  group: 'bench',
  playbook: 'bench/jobs/synthetic/lockstep.yml',
  ansible: 'bench/jobs/synthetic/ansible.yml',
  floor: 'bench/jobs/synthetic/floor.sh',
  verify: 'bench/jobs/synthetic/floor.sh',
  hosts: (count) =>
    Array.from({ length: count }, (_, at) => ({
      name: `bench${at + 1}`,
      address: `10.98.0.${at + 1}`,
      packages: onHosts,
    })),
  vars: ({ address }) => ({ address }),
  settings: ({ name, address }) => ({ HOST: name, ADDRESS: address }),
  async undo(hosts) {
    const script = readFileSync('bench/jobs/synthetic/undo.sh', 'utf8')
    await severalAtATime(hosts, 4, async ({ name }) => {
      await labExec(name, ['sh'], { input: script })
    })
  },
}

const nodes = ['10.10.250.146', '10.10.250.231', '10.10.250.165'].map((address, at) => ({
  name: `mattermost${at + 1}`,
  address,
  packages: onHosts,
}))

const tunnels: Job = {
  name: 'tunnels',
  sizes: [3],
  group: 'mattermost',
  playbook: 'playbooks/mattermost-tunnels.yml',
  ansible: 'bench/jobs/tunnels/ansible.yml',
  floor: 'bench/jobs/tunnels/floor.sh',
  verify: 'bench/jobs/tunnels/verify.sh',
  hosts: (count) => nodes.slice(0, count),
  vars: ({ name, address }) => ({ address, tunnel_id: numberOf(name) }),
  settings({ name, address }, all) {
    const key = keyPair(name)
    const peers = all.filter((peer) => peer.name !== name)
    return {
      HOST: name,
      ADDRESS: address,
      PRIVATE: key.private,
      PUBLIC: key.public,
      PEERS: peers
        .map((peer) =>
          [
            peer.name,
            peer.address,
            `127.81.0.${numberOf(peer.name)}`,
            keyPair(peer.name).public,
            hostKey(peer.name),
          ].join('|'),
        )
        .join('\n'),
    }
  },
  async undo(hosts) {
    await labReset(
      hosts.map(({ name }) => name),
      () => {},
    )
    const script = readFileSync('bench/jobs/tunnels/host.sh', 'utf8')
    for (const { name } of hosts) await labExec(name, ['sh'], { input: script })
  },
}

export const jobs: readonly Job[] = [tunnels, synthetic]

function numberOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0])
}

const keys = new Map<string, { private: string; public: string }>()

/** Who sends one script to each host makes the key pairs before, for all of them. */
function keyPair(host: string): { private: string; public: string } {
  const known = keys.get(host)
  if (known) return known
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-key-'))
  const file = join(folder, 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `mm-tunnel@${host}`, '-f', file])
  const text = (name: string) => readFileSync(name, 'utf8').trimEnd()
  const pair = { private: text(file), public: text(`${file}.pub`) }
  rmSync(folder, { recursive: true })
  keys.set(host, pair)
  return pair
}

function hostKey(host: string): string {
  return readFileSync(`${placeOf(host).keys}/ssh_host_ed25519_key.pub`, 'utf8')
    .split(' ')
    .slice(0, 2)
    .join(' ')
}

/** Does the work for all, a few of them at a time. */
export async function severalAtATime<T>(
  all: readonly T[],
  count: number,
  work: (one: T) => Promise<void>,
): Promise<void> {
  const left = [...all]
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: count }, worker))
}
