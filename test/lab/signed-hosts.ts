import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect } from 'vitest'
import { runCommand } from '../../lab/command.ts'
import { files, freshHosts, inventoryText, type Lab, type Outcome, type PlayOptions, playOn } from './play.ts'

/** Hosts that ssh-ca.yml has set up, for somebody who is called Anna. */
export interface SignedHosts {
  lab: Lab
  /** The folder of the CAs. */
  ca: string
  /** Anna's certificate as the playbook leaves it. */
  issued: string
  /** A file of the test's own. */
  path(name: string): string
  /** The variables of every run. */
  vars(): Record<string, unknown>
  /** Runs a playbook that ships. */
  play(name: string, more?: Partial<PlayOptions>, login?: object): Promise<Outcome>
  /** Runs rotate-ssh-ca.yml. */
  rotate(rotation: string, vars?: object, more?: Partial<PlayOptions>): Promise<Outcome>
  /** A CA's public key. */
  publicKey(name: string): string
  /** A copy of a file in the folder, as somebody has it who has taken it home. */
  takeHome(name: string, as: string): string
  /** The words of Anna's login by a certificate, to a host that is known by the CAs of a list alone: that in the folder unless given. */
  login(address: string, certificate: string, command: string, knownHosts?: string): string[]
  /** What becomes of it: the account that she has become, or why not. */
  logsIn(address: string, certificate: string, knownHosts?: string): Promise<string>
}

/** Boots hosts for the tests of a file, and sets them up before these. The CAs' keys are sealed. */
export function signedHosts(hosts: readonly { name: string; address: string }[]): SignedHosts {
  const lab = freshHosts(hosts)
  const at = files({ 'made.txt': '' })
  const ca = at.path('ca')
  const key = at.path('anna')

  const vars = () => ({
    ssh_ca_folder: ca,
    ssh_ca_passphrase: 'correct horse battery',
    ssh_ca_principals: { ops: ['admin'] },
    ssh_ca_users: [{ name: 'anna', key: readFileSync(`${key}.pub`, 'utf8').trim(), principals: ['admin'] }],
  })

  const play: SignedHosts['play'] = async (name, more = {}, login = {}) => {
    const each = ({ address }: { address: string }) => ({ address, connect_timeout: 5, ...login })
    writeFileSync(
      at.path('inventory.yml'),
      inventoryText(Object.fromEntries(hosts.map((host) => [host.name, each(host)]))),
    )
    return await playOn({
      mode: 'run',
      playbook: `playbooks/${name}.yml`,
      inventory: at.path('inventory.yml'),
      access: lab.access,
      lockTimeoutMs: 120_000,
      ...more,
      vars: { ...vars(), ...more.vars },
    })
  }

  const login: SignedHosts['login'] = (address, certificate, command, knownHosts = `${ca}/known_hosts`) => {
    const options = [
      ...['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes', 'GlobalKnownHostsFile=/dev/null'],
      ...[`UserKnownHostsFile=${knownHosts}`, `CertificateFile=${certificate}`],
    ].flatMap((option) => ['-o', option])
    return ['ssh', '-F', '/dev/null', '-i', key, ...options, `ops@${address}`, command]
  }

  beforeAll(async () => {
    if (!existsSync(key)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'anna', '-f', key])
    expect((await play('ssh-ca')).failed).toEqual([])
  })
  afterAll(() => at[Symbol.dispose]())

  return {
    lab,
    ca,
    issued: `${ca}/users/anna-cert.pub`,
    path: at.path,
    vars,
    play,
    rotate: (rotation, vars = {}, more = {}) => play('rotate-ssh-ca', { ...more, vars: { rotation, ...vars } }),
    publicKey: (name) => readFileSync(`${ca}/${name}.pub`, 'utf8'),
    takeHome: (name, as) => {
      copyFileSync(`${ca}/${name}`, at.path(as))
      return at.path(as)
    },
    login,
    logsIn: async (...words) => {
      const [address, certificate, knownHosts] = words
      const { code, stdout, stderr } = await runCommand(login(address, certificate, 'id -un', knownHosts))
      if (code === 0) return stdout.toString().trim()
      return /Permission denied|Host key verification failed/.exec(stderr.toString())?.[0] ?? stderr.toString()
    },
  }
}
