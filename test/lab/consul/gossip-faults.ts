import { randomBytes } from 'node:crypto'
import { out } from '../play.ts'
import { asAgent, down, downAndBack, type Fault, full, killed, onHost } from './fault.ts'
import { gossip } from './rollouts.ts'

const INSTALLED = 'Every member has the next key beside the old one'
const KEYS = '/var/lib/consul-gossip'
const CONFIG = '/etc/consul.d/config.json'
const RING = '/var/lib/consul/serf/local.keyring'

export const GOSSIP_FAULTS: readonly Fault[] = [
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
  downAndBack('a member is down when all have the key', gossip, 'server2', 'The member keeps it'),
]
