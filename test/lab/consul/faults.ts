import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import { until } from '../../../lab/wait.ts'
import { disturb, type Subject } from '../disturbance.ts'
import { out } from '../play.ts'
import { empty, fill } from '../rotation/fault.ts'
import { when } from '../rotation/rotation.ts'
import { anotherCa, gossip, leaf, type Place, type Rollout } from './rollouts.ts'
import { CA_ON_SERVER, TLS_PLAYBOOK, type Vars } from './rotation.ts'

/** Something that goes wrong beside a rollout. */
export interface Fault {
  what: string
  rollout: Rollout
  /** What goes wrong before the run. */
  hurt?(place: Place, subject: Subject & { vars: Vars }): Promise<unknown>
  /** What goes wrong in the run, as a task begins. */
  meanwhile?: { task: string; work(place: Place): Promise<unknown> }
  /** What that run is called with beside the rollout's own. */
  vars?: Vars
  /** What the run fails with; it goes through without it. */
  says?: RegExp
  /** What a person does then, before the next run. */
  mend?(place: Place): Promise<unknown>
  /** Members that go down. */
  down?: readonly string[]
}

const INSTALLED = 'Every member has the next key beside the old one'
const TRUSTED = 'The client trusts both'
const SIGNED = 'The certificate lies beside the key'
const NO_ROOM = /No space left on device|KiB are free there/
const SSL = '/etc/consul.d/ssl'
const CA = CA_ON_SERVER.consul_ca_dir
const KEYS = '/var/lib/consul-gossip'
const CONFIG = '/etc/consul.d/config.json'
const RING = '/var/lib/consul/serf/local.keyring'

const onHost = (name: string, script: string) => () => out(name, script)
/** The agent has a view of its own of what is mounted. */
const asAgent = (script: string) => `nsenter -m -t "$(pidof consul)" sh -c '${script}'`
const killed = (task: string, after: string, host: string) => async (_: Place, subject: Subject) => {
  await disturb(subject, { kind: 'kill', event: when('task-finished', task) })
  await out(host, after)
}

/** A member dies, and the others know it. */
async function takeDown({ cluster }: Place, name: string): Promise<void> {
  await out(name, 'systemctl kill --signal=KILL consul; systemctl stop consul')
  const [asked = ''] = cluster.servers.filter((server) => server !== name)
  await until(`the gossip tells that ${name} has failed`, async () => {
    const members = await cluster.ask<{ Name: string; Status: number }[]>(asked, '/v1/agent/members')
    return members?.find(({ Name }) => Name === name)?.Status === 4
  })
}

const bringUp =
  (name: string) =>
  async ({ cluster }: Place) => {
    await out(name, 'systemctl start consul')
    await cluster.untilHealthy()
  }

const full = (what: string, rollout: Rollout, host: string, folder: string): Fault => ({
  what: `the disk of ${host} is full where ${what}`,
  rollout,
  hurt: onHost(host, fill(folder)),
  says: NO_ROOM,
  mend: onHost(host, empty(folder)),
})

const down = (what: string, rollout: Rollout, host: string, task: string, says: RegExp): Fault => ({
  what: `${host} is down ${what}, and back for the next run`,
  rollout,
  meanwhile: { task, work: (place) => takeDown(place, host) },
  says,
  mend: bringUp(host),
  down: [host],
})

const OF_GOSSIP: readonly Fault[] = [
  {
    what: 'the next key is no key',
    rollout: gossip,
    vars: { gossip_key: randomBytes(20).toString('base64') },
    says: /'gossip_key' of the role \S+ is not as it must be/,
  },
  {
    what: 'the next key is shorter than the old one',
    rollout: gossip,
    vars: { gossip_key: randomBytes(16).toString('base64') },
  },
  {
    what: 'the file of the next key is cut short',
    rollout: gossip,
    hurt: (_, { vars }) =>
      out('server1', `install -d -m 700 ${KEYS}; umask 077; echo c2hvcnQ= >${KEYS}/${vars.rotation}.key`),
    says: /turn-\d+\.key does not hold 32 bytes in Base64/,
    mend: onHost('server1', `grep -lx c2hvcnQ= ${KEYS}/*.key | xargs rm`),
  },
  {
    what: 'the file of the next key is lost when all members have it',
    rollout: gossip,
    hurt: killed(INSTALLED, `ls -t ${KEYS}/*.key | head -n 1 | xargs rm`, 'server1'),
  },
  {
    what: 'the configuration of a member is cut short',
    rollout: gossip,
    hurt: onHost('server2', `cp -p ${CONFIG} /run/kept.json; printf '{ "encrypt": "' | tee ${CONFIG}`),
    says: /server2: .*config\.json/,
    mend: onHost('server2', `cat /run/kept.json >${CONFIG}`),
  },
  {
    what: 'the keys of a member are cut short on its disk',
    rollout: gossip,
    hurt: onHost('server2', `printf '["' | tee ${RING}`),
  },
  {
    what: 'a member cannot write its keys',
    rollout: gossip,
    hurt: onHost('server2', asAgent(`mount --bind ${RING} ${RING} && mount -o remount,ro,bind ${RING}`)),
    says: /read-only file system/,
    mend: onHost('server2', asAgent(`umount ${RING}`)),
  },
  full('its configuration lies', gossip, 'agent1', '/etc/consul.d'),
  full('keys are made', gossip, 'server1', KEYS),
  down('before the key is installed', gossip, 'agent1', INSTALLED, /not alive: agent1/),
  down('when all members have the key', gossip, 'server2', 'The member keeps it', /not alive: server2/),
  down('when all members use the key', gossip, 'server3', 'Its configuration names the next key', /not alive: server3/),
  {
    what: 'a member is down when all have the key, and back in the same run',
    rollout: gossip,
    meanwhile: {
      task: 'The member keeps it',
      async work(place) {
        await takeDown(place, 'server2')
        await bringUp('server2')(place)
      },
    },
    down: ['server2'],
  },
]

const OF_CERTIFICATES: readonly Fault[] = [
  {
    what: 'the CA on the controller has lost its key',
    rollout: leaf,
    hurt: async ({ path }) => renameSync(path('ca/ca.key'), path('away')),
    says: /the CA in \S+ has lost its key/,
    mend: async ({ path }) => renameSync(path('away'), path('ca/ca.key')),
  },
  {
    what: 'the CA on the controller is gone',
    rollout: leaf,
    hurt: async ({ path }) => renameSync(path('ca'), path('away')),
    says: /there is no CA in/,
    mend: async ({ path }) => renameSync(path('away'), path('ca')),
  },
  {
    what: 'a member has lost the certificate of the CA',
    rollout: leaf,
    hurt: onHost('server2', `rm ${SSL}/ca.cert`),
    says: /server2: .*consul-tls\.yml/,
    async mend(place) {
      const { failed } = await place.cluster.run(TLS_PLAYBOOK, { vars: { consul_ca_dir: place.path('ca') } })
      if (failed.length > 0) throw new Error(failed.join('; '))
    },
  },
  {
    what: 'the next certificate is not that of the next key',
    rollout: leaf,
    hurt: killed(SIGNED, `openssl ecparam -name prime256v1 -genkey -noout -out ${SSL}/consul.key.next`, 'server2'),
  },
  {
    what: 'the next key is cut short',
    rollout: leaf,
    hurt: killed(SIGNED, `truncate -s 100 ${SSL}/consul.key.next`, 'server2'),
    says: /the key \S+consul\.key\.next cannot be read/,
    mend: onHost('server2', `rm ${SSL}/consul.key.next`),
  },
  {
    what: 'the next certificate is spoiled just before it is used',
    rollout: leaf,
    meanwhile: {
      task: "The server's next pair takes its place",
      work: onHost(
        'server2',
        `openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=other -out ${SSL}/consul.cert.next 2>/dev/null`,
      ),
    },
    says: /server2: The server uses it: .*does not belong to the certificate/,
  },
  {
    what: 'the next certificate is lost just before it is used',
    rollout: leaf,
    meanwhile: {
      task: "The server's next pair takes its place",
      work: onHost('server2', `rm ${SSL}/consul.cert.next`),
    },
    says: /server2: The server's next pair takes its place: /,
  },
  full('its certificates lie', leaf, 'server2', SSL),
  down('when pairs are asked for', leaf, 'server2', 'It asks for a certificate', /server2/),
]

const OF_CA: readonly Fault[] = [
  full('the CA lies', anotherCa, 'server1', SSL),
  full('the certificates of a client lie', anotherCa, 'agent1', SSL),
  {
    what: 'the next CA has lost its key when all trust it',
    rollout: anotherCa,
    hurt: killed(TRUSTED, `rm ${CA}.next/ca.key`, 'server1'),
    says: /the CA in \S+\.next has lost its key/,
    mend: onHost('server1', `rm -r ${CA}.next`),
  },
  {
    what: 'the next CA is gone when all trust it',
    rollout: anotherCa,
    hurt: killed(TRUSTED, `rm -r ${CA}.next`, 'server1'),
  },
  {
    what: 'a member has lost the certificates of both CAs',
    rollout: anotherCa,
    hurt: killed(TRUSTED, `rm ${SSL}/ca.cert`, 'server2'),
  },
  {
    what: 'the certificates of both CAs are cut short on a member',
    rollout: anotherCa,
    hurt: killed(TRUSTED, `truncate -s 300 ${SSL}/ca.cert`, 'agent1'),
  },
  down('when all are to trust the next CA', anotherCa, 'agent1', 'The client reads its configuration', /agent1/),
  down('when pairs are switched', anotherCa, 'server3', "The server's next pair takes its place", /server3/),
  down('when nobody is to trust the old CA', anotherCa, 'agent1', 'The server trusts the next CA alone', /agent1/),
  {
    what: 'a server is down when all trust both CAs, and back in the same run',
    rollout: anotherCa,
    meanwhile: {
      task: 'The member has another key',
      async work(place) {
        await takeDown(place, 'server3')
        await bringUp('server3')(place)
      },
    },
    down: ['server3'],
  },
]

/** By rollout, since each gets a cluster of its own. */
export const FAULTS: readonly { rollout: Rollout; faults: readonly Fault[] }[] = [
  { rollout: gossip, faults: OF_GOSSIP },
  { rollout: leaf, faults: OF_CERTIFICATES },
  { rollout: anotherCa, faults: OF_CA },
]
