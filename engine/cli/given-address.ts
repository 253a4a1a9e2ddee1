import { homedir } from 'node:os'
import type { LabAccess } from '../../lab/lab.ts'
import type { Play } from '../language/playbook.ts'
import { Problem } from '../problem.ts'
import type { GivenAddress } from '../remote/resolve-address.ts'
import type { ConnectionFlags } from './options.ts'

interface Sources {
  name: string
  variables: Readonly<Record<string, unknown>>
  play: Play['connection'] | undefined
  flags: ConnectionFlags
  lab: LabAccess | undefined
}

/** What flags, host variables, play and lab say about one host. */
export function givenAddress({ name, variables, play, flags, lab }: Sources): GivenAddress {
  const text = (variable: string) => textOf(name, variable, variables[variable])
  const number = (variable: string) => numberOf(name, variable, variables[variable])
  const key = flags.privateKey ?? text('private_key_file') ?? lab?.privateKeyFile
  const known = text('known_hosts_file') ?? lab?.knownHostsFile
  const connection = flags.connection ?? kindOf(name, text('connection') ?? play?.kind ?? localKind(name, variables))
  const user = flags.user ?? text('remote_user') ?? play?.remoteUser ?? lab?.user
  const port = number('port') ?? play?.port
  const timeout = flags.timeout ?? number('connect_timeout')
  const agentSocket = process.env.SSH_AUTH_SOCK
  return {
    name,
    address: text('address') ?? name,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(connection === undefined ? {} : { connection }),
    ...(key === undefined ? {} : { privateKeyFiles: [home(key)], identitiesOnly: true }),
    ...(known === undefined ? {} : { knownHostsFiles: [home(known)] }),
    ...(timeout === undefined ? {} : { connectTimeoutMs: timeout * 1000 }),
    ...(flags.acceptNewHostKeys || text('host_key_checking') === 'accept-new' ? { hostKeyChecking: 'accept-new' } : {}),
    ...(agentSocket && !lab ? { agentSocket } : {}),
  }
}

/** Connections are one a host and run: plays that disagree about them cannot both be right. */
export function connectionOf(plays: readonly Play[], host: string): Play['connection'] | undefined {
  const mine = plays.filter((play) => play.hosts.includes(host) && Object.keys(play.connection).length > 0)
  const [first] = mine
  const other = mine.find((play) => JSON.stringify(play.connection) !== JSON.stringify(first?.connection))
  if (!other) return first?.connection
  throw new Problem({
    code: 'CONNECTION_CONFLICT',
    message: `the plays '${first?.name}' and '${other.name}' connect to ${host} in different ways`,
    place: other.place,
    hint: 'a host has one connection in a run; say it once, as a host variable or with a flag',
  })
}

function localKind(name: string, variables: Readonly<Record<string, unknown>>): string | undefined {
  return name === 'localhost' && variables.address === undefined ? 'local' : undefined
}

function kindOf(host: string, kind: string | undefined): GivenAddress['connection'] {
  // `ssh` and `smart` are Ansible's words for the default.
  if (kind === undefined || kind === 'ssh' || kind === 'smart') return undefined
  if (kind === 'ssh2' || kind === 'openssh' || kind === 'local') return kind
  throw wrong(host, 'connection', kind, 'ssh2, openssh or local')
}

export function textOf(host: string, variable: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw wrong(host, variable, value, 'text')
}

function numberOf(host: string, variable: string, value: unknown): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (Number.isInteger(number) && number > 0) return number
  throw wrong(host, variable, value, 'a whole number')
}

function wrong(host: string, variable: string, value: unknown, wanted: string): Problem {
  return new Problem({
    code: 'BAD_VARIABLE',
    message: `the variable '${variable}' of ${host} is ${JSON.stringify(value)}`,
    hint: `it takes ${wanted}`,
  })
}

function home(file: string): string {
  return file.replace(/^~(?=\/)/, homedir())
}
