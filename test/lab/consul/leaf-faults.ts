import { renameSync } from 'node:fs'
import { down, type Fault, full, killed, onHost, SSL } from './fault.ts'
import { leaf } from './rollouts.ts'
import { TLS_PLAYBOOK } from './rotation.ts'

const SIGNED = 'The certificate lies beside the key'

export const LEAF_FAULTS: readonly Fault[] = [
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
