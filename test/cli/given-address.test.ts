import { homedir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { givenAddress } from '../../engine/cli/given-address.ts'
import type { ConnectionFlags } from '../../engine/cli/options.ts'
import type { GivenAddress } from '../../engine/remote/resolve-address.ts'

const lab = { namespace: 'n', user: 'ops', privateKeyFile: '/lab/key', knownHostsFile: '/lab/known' } as const

function given(
  variables: Record<string, unknown>,
  more: {
    flags?: Partial<ConnectionFlags>
    play?: { port?: number; remoteUser?: string; kind?: string }
    lab?: typeof lab
  } = {},
  name = 'web1',
): GivenAddress {
  const { agentSocket, ...rest } = givenAddress({
    name,
    variables,
    play: more.play,
    flags: { forks: 5, ...more.flags },
    lab: more.lab,
  })
  return rest
}

describe('how a host is reached', () => {
  test('is left to ssh when nothing is said', () => {
    expect(given({})).toEqual({ name: 'web1', address: 'web1' })
  })

  test('is what its variables say', () => {
    const variables = {
      address: '10.0.0.1',
      port: 2222,
      remote_user: 'ann',
      private_key_file: '~/.ssh/web',
      known_hosts_file: '/etc/known',
      connection: 'openssh',
      connect_timeout: 3,
      host_key_checking: 'accept-new',
    }
    expect(given(variables)).toEqual({
      name: 'web1',
      address: '10.0.0.1',
      port: 2222,
      user: 'ann',
      privateKeyFiles: [`${homedir()}/.ssh/web`],
      identitiesOnly: true,
      knownHostsFiles: ['/etc/known'],
      connection: 'openssh',
      connectTimeoutMs: 3000,
      hostKeyChecking: 'accept-new',
    })
  })

  test('is what flags say before variables, and those before the play', () => {
    const play = { port: 1, remoteUser: 'play', kind: 'openssh' }
    expect(given({}, { play })).toMatchObject({ port: 1, user: 'play', connection: 'openssh' })
    const variables = { port: 2, remote_user: 'variable', connection: 'ssh' }
    expect(given(variables, { play })).toEqual({ name: 'web1', address: 'web1', port: 2, user: 'variable' })
    const flags = { user: 'flag', connection: 'local', privateKey: '/k', timeout: 9 } as const
    expect(given(variables, { play, flags })).toEqual({
      name: 'web1',
      address: 'web1',
      port: 2,
      user: 'flag',
      connection: 'local',
      privateKeyFiles: ['/k'],
      identitiesOnly: true,
      connectTimeoutMs: 9000,
    })
  })

  test('is the way into the lab for its hosts', () => {
    expect(given({ address: '10.10.250.146' }, { lab })).toEqual({
      name: 'web1',
      address: '10.10.250.146',
      user: 'ops',
      privateKeyFiles: ['/lab/key'],
      identitiesOnly: true,
      knownHostsFiles: ['/lab/known'],
    })
  })

  test('is no network for localhost, unless it has an address', () => {
    expect(given({}, {}, 'localhost').connection).toBe('local')
    expect(given({ address: '127.0.0.1' }, {}, 'localhost').connection).toBeUndefined()
  })

  test.each([
    [{ port: 'ssh' }, 'the variable \'port\' of web1 is "ssh"'],
    [{ port: 0 }, "the variable 'port' of web1 is 0"],
    [{ address: 5 }, "the variable 'address' of web1 is 5"],
    [{ connection: 'telnet' }, 'the variable \'connection\' of web1 is "telnet"'],
  ])('cannot be %j', (variables, message) => expect(() => given(variables)).toThrow(message))
})
