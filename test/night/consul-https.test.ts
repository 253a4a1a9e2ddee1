import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../engine/resource/secret.ts'
import { type Access, buildDenying } from '../lab/consul/access.ts'
import { freshCluster } from '../lab/consul/cluster.ts'
import { files, out } from '../lab/play.ts'

const TLS = 'playbooks/consul-tls.yml'
const https = { consul_http_addr: 'https://127.0.0.1:8501' }
const at = files({
  'keyring.yml': `- hosts: consul_servers
  become: true
  tasks:
    - name: another key is known
      consul-keyring:
        primary: '{{ consul_encrypt }}'
        others: [7Yd0pGm3BSeEfGNpoBm0AA==]
        nodes: !cel size(groups.consul)
        http_addr: '{{ consul_http_addr }}'
        ca_path: /etc/consul.d/ssl/ca.cert
        client_cert: /etc/consul.d/ssl/consul.cert
        client_key: /etc/consul.d/ssl/consul.key
        token: '{{ consul_token }}'
      run_once: true
`,
})
afterAll(() => at[Symbol.dispose]())
const authority = { consul_ca_dir: at.path('ca') }
const cluster = freshCluster()
let access: Access

beforeAll(async () => {
  access = await buildDenying(cluster)
})

test('certificates are renewed, and a snapshot is taken, over https, where nobody is let in without a certificate', async () => {
  const given = { ...authority, consul_token: new Secret(access.turning) }
  expect((await cluster.run(TLS, { vars: given })).failed).toEqual([])
  for (const { name } of cluster.members)
    expect(await out(name, 'curl -q -sk https://127.0.0.1:8501/v1/status/leader || echo refused')).toBe('refused')
  const vars = {
    ...{ ...given, ...https, consul_cert_names: ['renewed.example'] },
    consul_snapshot_file: '/var/lib/consul-snapshots/renewed.snap',
  }
  const check = await cluster.check(TLS, { vars })
  expect(check.failed).toEqual([])
  const run = await cluster.run(TLS, { vars })
  expect(run.failed).toEqual([])
  expect(run.changed).toContain('agent1: The client reads its configuration')
  expect(run.changed).toContain('server3: There is a snapshot of what the cluster holds')
  expect(run.changed).toEqual(check.changed)
  const again = await cluster.run(TLS, { vars })
  expect({ failed: again.failed, changed: again.changed }).toEqual({ failed: [], changed: [] })
})

test('a gossip key is made known over https, by a token that may', async () => {
  const keyring = await access.tokenWith('keyring = "write"')
  const [lacking, run, again] = [
    await cluster.run(at.path('keyring.yml'), { vars: { ...https, consul_token: new Secret(access.rolling) } }),
    await cluster.run(at.path('keyring.yml'), { vars: { ...https, consul_token: new Secret(keyring) } }),
    await cluster.run(at.path('keyring.yml'), { vars: { ...https, consul_token: new Secret(keyring) } }),
  ]
  expect(lacking.failed.join()).toContain('that takes a valid token with keyring:read')
  expect(run).toMatchObject({ failed: [], changed: ['server1: another key is known'] })
  expect(again).toMatchObject({ failed: [], changed: [] })
})
