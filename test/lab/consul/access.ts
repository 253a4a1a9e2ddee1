import { readFileSync } from 'node:fs'
import { labExec } from '../../../lab/exec.ts'
import { until } from '../../../lab/wait.ts'
import { out } from '../play.ts'
import type { Cluster } from './cluster.ts'

export interface Access {
  /** What the writers and looks of a watch may do. */
  observer: string
  /** With just the rules that docs/consul.md has for a rolling restart. */
  rolling: string
  /** With just those that it has for TLS. */
  turning: string
  /** A new token with these rules alone. */
  tokenWith(rules: string): Promise<string>
}

/** A healthy cluster that denies what no token allows, from fresh hosts; it serves https as soon as it has certificates. */
export async function buildDenying(cluster: Cluster): Promise<Access> {
  const acl = { enabled: true, default_policy: 'deny', enable_token_persistence: true }
  let access: Access | undefined
  const begin = async () => {
    access = await beginAccess(cluster)
  }
  await cluster.build({ vars: { consul_settings: { acl, ports: { https: 8501 } } }, begin })
  if (!access) throw new Error('a cluster is built only when it has begun')
  return access
}

/**
 * Gives a new cluster that denies everything its first token, the agents theirs, and curl on the hosts, which the tests ask
 * with, one that may look; Lockstep's own curl reads no such file.
 */
async function beginAccess({ members, servers: [first = ''] }: Cluster): Promise<Access> {
  let management = ''
  await until('the cluster has given its first token', async () => {
    management = (await call<{ SecretID?: string }>(first, 'acl/bootstrap', {}))?.SecretID ?? ''
    return management !== ''
  })
  let count = 0
  const tokenWith = async (rules: string) => {
    const policy = { Name: `policy-${++count}`, Rules: rules }
    await told(first, 'acl/policy', policy, management)
    const { SecretID } = await told<{ SecretID: string }>(
      first,
      'acl/token',
      { Policies: [{ Name: policy.Name }] },
      management,
    )
    return SecretID
  }
  const [agents, observer] = [await tokenWith(OF_AGENTS), await tokenWith(OF_OBSERVERS)]
  for (const { name } of members) {
    for (const kind of ['agent', 'default']) await told(name, `agent/token/${kind}`, { Token: agents }, management)
    await out(name, `umask 077; echo 'header = "X-Consul-Token: ${observer}"' >/root/.curlrc`)
  }
  const [rolling = '', turning = ''] =
    readFileSync('docs/consul.md', 'utf8').match(/(?<=^```hcl\n)[^`]+(?=^```)/gm) ?? []
  return { observer, rolling: await tokenWith(rolling), turning: await tokenWith(turning), tokenWith }
}

const OF_AGENTS = 'node_prefix "" { policy = "write" } service_prefix "" { policy = "write" }'
const OF_OBSERVERS = `operator = "read" agent_prefix "" { policy = "write" } node_prefix "" { policy = "read" }
service_prefix "" { policy = "read" } key_prefix "watch-" { policy = "write" }`

/** The JSON of the answer, once there is one that is good. */
async function told<T>(member: string, path: string, body: object, token: string): Promise<T> {
  let answer: T | undefined
  await until(`${member} does as ${path} asks`, async () => {
    answer = await call<T>(member, path, body, token)
    return answer !== undefined
  })
  return answer as T
}

/** The JSON of a good answer, `null` when that has no body; nothing when it was a bad one. */
async function call<T>(member: string, path: string, body: object, token = ''): Promise<T | undefined> {
  const options = ['-q', '-sSf', '-X', 'PUT', '-d', JSON.stringify(body), '-H', `X-Consul-Token: ${token}`]
  const { code, stdout } = await labExec(member, ['curl', ...options, `http://127.0.0.1:8500/v1/${path}`])
  return code === 0 ? (JSON.parse(stdout.toString() || 'null') as T) : undefined
}
