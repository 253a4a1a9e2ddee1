import { down, downAndBack, type Fault, full, killed, onHost, SSL } from './fault.ts'
import { anotherCa } from './rollouts.ts'
import { CA_ON_SERVER } from './rotation.ts'

const TRUSTED = 'The client trusts both'
const CA = CA_ON_SERVER.consul_ca_dir

export const CA_FAULTS: readonly Fault[] = [
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
  down(
    'when pairs are switched',
    anotherCa,
    'server3',
    "The server's next pair takes its place",
    // Consul 1.8 takes a server that is down out of the quorum, so that the gate counts the others.
    /server3|autopilot knows 2 servers, not 3/,
  ),
  down('when nobody is to trust the old CA', anotherCa, 'agent1', 'The server trusts the next CA alone', /agent1/),
  downAndBack('a server is down when all trust both CAs', anotherCa, 'server3', 'The member has another key'),
]
