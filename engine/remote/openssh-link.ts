import { quote } from '../resource/command.ts'
import { type HostAddress, nameOf } from './address.ts'
import { childLink } from './child-link.ts'
import type { Failure } from './failures.ts'
import type { Ending, Link } from './link.ts'
import { wordsOf } from './remote-problem.ts'

/** The system's ssh as carrier: one process a shell, for certificates, security keys, Match blocks and the like. */
export function opensshLink(host: HostAddress, env: NodeJS.ProcessEnv): Link {
  return childLink({
    host: host.name,
    words: (command) => ['ssh', ...sshArguments(host), '--', host.address, command],
    env,
    explain: (ending, stderr, begun) => explain(host, ending, stderr, begun),
  })
}

/** What this connection asks of ssh; all else is left to the user's own configuration. */
export function sshArguments(host: HostAddress): string[] {
  const seconds = (ms: number) => String(Math.max(1, Math.round(ms / 1000)))
  const options: Record<string, string> = {
    BatchMode: 'yes',
    ControlMaster: 'no',
    ControlPath: 'none',
    ConnectTimeout: seconds(host.connectTimeoutMs),
    ServerAliveInterval: host.keepaliveMs === 0 ? '0' : seconds(host.keepaliveMs),
    ServerAliveCountMax: '3',
    StrictHostKeyChecking: host.hostKeyChecking === 'strict' ? 'yes' : 'accept-new',
    UserKnownHostsFile: host.knownHostsFiles.map((file) => `"${file}"`).join(' '),
    ...(host.hostKeyAlias === undefined ? {} : { HostKeyAlias: host.hostKeyAlias }),
    ...(host.identitiesOnly ? { IdentitiesOnly: 'yes' } : {}),
    ...(host.agentSocket === undefined ? {} : { IdentityAgent: `"${host.agentSocket}"` }),
    ...(host.jump === undefined ? {} : { ProxyCommand: proxyCommand(host.jump) }),
  }
  return [
    '-T',
    ...(host.sshConfigFile === undefined ? [] : ['-F', host.sshConfigFile]),
    ...(host.privateKeyFiles ?? []).flatMap((file) => ['-i', file]),
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    '-p',
    String(host.port),
    '-l',
    host.user,
  ]
}

/** Not -J: its inner ssh would take neither the keys nor the known hosts of the jump host from here. */
function proxyCommand(jump: readonly HostAddress[]): string {
  const last = jump.at(-1)
  if (last === undefined) return 'none'
  const before = jump.slice(0, -1)
  const hop: HostAddress = before.length > 0 ? { ...last, jump: before } : last
  const words = ['ssh', ...sshArguments(hop), '-W', '[%h]:%p', '--', hop.address]
  // Percent signs of the inner command are for the inner ssh.
  return words.map((word) => (word === '[%h]:%p' ? quote(word) : quote(word).replaceAll('%', '%%'))).join(' ')
}

const COMPLAINTS: { words: RegExp; code: Failure['code']; hint: string }[] = [
  {
    words: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed|REVOKED HOST KEY/,
    code: 'HOST_KEY_CHANGED',
    hint: 'someone may be in between; if the host was set up anew, compare the key on its console and remove the old line',
  },
  {
    words: /Host key verification failed|No .* host key is known/,
    code: 'HOST_KEY_UNKNOWN',
    hint: 'compare the key on the host’s console and add it to known_hosts',
  },
  {
    words: /Permission denied|Too many authentication failures|No more authentication methods/,
    code: 'AUTH_FAILED',
    hint: 'with connection: openssh nothing is asked: load the key into an agent, or set up what ssh needs to log in by itself',
  },
]

/** ssh ends with 255 for its own failures, and says on stderr which. */
function explain(host: HostAddress, { code }: Ending, stderr: string, begun: boolean): Failure | undefined {
  if (code !== 255) return undefined
  if (begun) {
    return {
      code: 'UNREACHABLE',
      message: `The connection to ${nameOf(host)} was lost: ${wordsOf(stderr) || 'ssh ended'}.`,
      lost: true,
    }
  }
  const complaint = COMPLAINTS.find(({ words }) => words.test(stderr))
  const shown = /(?:SHA256:[\w+/]+)/.exec(stderr)?.[0]
  const said = wordsOf(stderr) || 'ssh ended without a word'
  const message = `${nameOf(host)} cannot be reached: ${said}${shown === undefined || said.includes(shown) ? '' : ` (${shown})`}`
  return complaint === undefined
    ? { code: 'UNREACHABLE', message, hint: 'check its address and port, and that it is up' }
    : { code: complaint.code, message, hint: complaint.hint }
}
