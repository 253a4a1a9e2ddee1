import { expect, test } from 'vitest'
import { compile } from '../../engine/language/compile.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import { actions, modules } from '../../modules/index.ts'

const inventory = loadInventory(['inventories/consul-lab.yml'])
const { playbook, evaluatorFor, warnings } = compile({
  playbookPath: 'playbooks/consul-tls.yml',
  inventory,
  extraVars: { consul_ca_dir: '/ca' },
  registry: { modules, actions },
  checkMode: false,
})
const steps = playbook.plays.flatMap((play) => play.steps)

/** What each phase writes into the configuration of a member that runs this version. */
function phases(version: string, host: string): unknown[] {
  const evaluator = evaluatorFor({
    registered: (_, name) => (name === 'consul_here' || name === 'consul_first' ? { version } : undefined),
    facts: () => ({}),
    now: () => '2026-01-02T03:04:05.000Z',
  })
  const item = { value: '/etc/consul.d/config.json', index: 0, length: 1 }
  return steps
    .filter(({ name }) => name === 'Its configuration says so')
    .filter((step) => evaluator.when(step, host, item).holds === true)
    .map((step) => {
      const args = evaluator.args(step, host, item)
      return args.kind === 'known' ? (args.args as { merge: unknown }).merge : args.unknown.reason
    })
}

const files = {
  ca_file: '/etc/consul.d/ssl/ca.cert',
  cert_file: '/etc/consul.d/ssl/consul.cert',
  key_file: '/etc/consul.d/ssl/consul.key',
}

test('the playbook has no warning', () => {
  expect(warnings).toEqual([])
})

test.each(['server1', 'agent1'])('below 1.12 the keys are flat, on %s', (host) => {
  for (const version of ['1.8.7', '1.11.11'])
    expect(phases(version, host)).toEqual([
      files,
      { verify_outgoing: true, verify_server_hostname: true },
      { verify_incoming: true },
    ])
})

test.each(['server1', 'agent1'])('from 1.12 on they stand in tls, on %s', (host) => {
  for (const version of ['1.12.0', '1.21.3+ent', '2.0.1'])
    expect(phases(version, host)).toEqual([
      { tls: { defaults: files } },
      { tls: { defaults: { verify_outgoing: true }, internal_rpc: { verify_server_hostname: true } } },
      {
        tls: {
          internal_rpc: { verify_incoming: true },
          https: { verify_incoming: true },
          grpc: { verify_incoming: false },
        },
      },
    ])
})
