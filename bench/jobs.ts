import { readFileSync } from 'node:fs'
import { labExec } from '../lab/exec.ts'
import { labReset } from '../lab/lab.ts'
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
  packages: ['serf', ...onHosts],
}))

const tunnels: Job = {
  name: 'tunnels',
  sizes: [3],
  group: 'mattermost',
  playbook: 'playbooks/mattermost-tunnels.yml',
  ansible: 'bench/jobs/tunnels/ansible.yml',
  floor: 'bench/jobs/tunnels/floor.sh',
  hosts: (count) => nodes.slice(0, count),
  vars: ({ name, address }) => ({ address, tunnel_id: numberOf(name) }),
  settings: ({ name, address }, all) => ({
    HOST: name,
    ADDRESS: address,
    PEERS: all
      .filter((peer) => peer.name !== name)
      .map((peer) => `${peer.name},${peer.address},127.81.0.${numberOf(peer.name)}`)
      .join(' '),
  }),
  async undo(hosts) {
    await labReset(
      hosts.map(({ name }) => name),
      () => {},
    )
  },
}

export const jobs: readonly Job[] = [tunnels, synthetic]

function numberOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0])
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
