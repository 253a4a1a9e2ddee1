import type { Disturbance } from '../disturbance.ts'
import { when } from '../rotation/rotation.ts'
import type { Cluster } from './cluster.ts'
import { CA_ON_SERVER, ROTATE_PLAYBOOK, startTls, TLS_PLAYBOOK, type Vars } from './rotation.ts'

export const GOSSIP_PLAYBOOK = 'playbooks/rotate-consul-gossip.yml'

/** Where a rollout is played: a cluster, and a folder of the controller. */
export interface Place {
  cluster: Cluster
  path(name: string): string
}

/** A playbook that changes what the members of a cluster trust one another by. */
export interface Rollout {
  what: string
  playbook: string
  /** Brings a cluster that is built to where it begins. */
  prepare(place: Place): Promise<void>
  /** What it is called with the first time, the second time, and so on. */
  vars(place: Place, turn: number): Vars
  /** A cluster cannot go through it twice, so disks are put back before each turn. */
  isOnce?: true
  /** It restarts members itself. */
  isRolled?: true
  /** What must find nothing to do when it is over, beside itself. */
  stays?(place: Place): { playbook: string; vars: Vars }
  /** What must not be so when it is over. */
  wrong?(place: Place): Promise<string[]>
  /** Where a disturbance would do most harm. */
  dangers: readonly Disturbance[]
}

const nothing = async () => {}
const kill = (task: string): Disturbance => ({ kind: 'kill', event: when('task-finished', task) })
/** The second server of three by what the inventory names. */
const withoutPower = (round: string): Disturbance => ({ kind: 'cut', host: 1, round, moment: 'without power' })

export const gossip: Rollout = {
  what: 'the gossip gets another key',
  playbook: GOSSIP_PLAYBOOK,
  prepare: nothing,
  vars: (_, turn) => ({ rotation: `turn-${turn}` }),
  async wrong({ cluster }) {
    const rings = await cluster.ask<{ Keys: object }[]>(cluster.servers[0] ?? '', '/v1/operator/keyring')
    if (!rings) return ['nobody tells the keys']
    return rings.filter(({ Keys }) => Object.keys(Keys).length !== 1).map(() => 'a pool has other keys')
  },
  dangers: [kill('Every member seals with the next key'), withoutPower('No member has another key')],
}

export const turnedOn: Rollout = {
  what: 'TLS is turned on',
  playbook: TLS_PLAYBOOK,
  isOnce: true,
  prepare: nothing,
  vars: ({ path }, turn) => ({ consul_ca_dir: path(`ca-${turn}`) }),
  dangers: [kill('The server reads its configuration'), withoutPower('The connections of old')],
}

export const leaf: Rollout = {
  what: 'members get other certificates, by a CA on the controller',
  playbook: ROTATE_PLAYBOOK,
  async prepare(place) {
    const { failed } = await place.cluster.run(TLS_PLAYBOOK, { vars: caOnController(place) })
    if (failed.length > 0) throw new Error(`TLS cannot be turned on: ${failed.join('\n')}`)
  },
  vars: (place, turn) => ({ ...caOnController(place), rotation: `turn-${turn}` }),
  stays: (place) => ({ playbook: TLS_PLAYBOOK, vars: caOnController(place) }),
  dangers: [kill("The server's next pair takes its place"), withoutPower('The server uses it')],
}

const caOnController = ({ path }: Place): Vars => ({ consul_ca_dir: path('ca') })

const ofCa = { prepare: ({ cluster }: Place) => startTls(cluster), playbook: ROTATE_PLAYBOOK }
const staysWithCa = () => ({ playbook: TLS_PLAYBOOK, vars: CA_ON_SERVER })

export const renewed: Rollout = {
  ...ofCa,
  what: 'the CA gets another certificate',
  // One that is young, and lasts as long as is asked for, is left alone.
  vars: (_, turn) => ({
    ...CA_ON_SERVER,
    consul_tls_rotate: 'ca-certificate',
    rotation: `turn-${turn}`,
    consul_ca_days: 1825 + 2 * turn,
  }),
  stays: staysWithCa,
  dangers: [kill('The CA on a host has a new certificate')],
}

export const anotherCa: Rollout = {
  ...ofCa,
  what: 'another CA takes over',
  vars: (_, turn) => ({ ...CA_ON_SERVER, consul_tls_rotate: 'ca', rotation: `turn-${turn}` }),
  stays: staysWithCa,
  dangers: [
    kill('The server trusts the next CA alone'),
    withoutPower('The next CA takes the place of the old one on a host'),
  ],
}

export const compromised: Rollout = {
  ...ofCa,
  what: 'another CA takes over, and all members restart since the old one is compromised',
  isRolled: true,
  vars: (_, turn) => ({
    ...CA_ON_SERVER,
    consul_tls_rotate: 'ca',
    consul_ca_compromised: true,
    consul_old_ca: 'remove',
    rotation: `turn-${turn}`,
  }),
  stays: staysWithCa,
  dangers: [kill('The server is restarted')],
}

/** Every playbook that changes what members trust is swept by a line here. */
export const ROLLOUTS: readonly Rollout[] = [gossip, turnedOn, leaf, renewed, anotherCa, compromised]
