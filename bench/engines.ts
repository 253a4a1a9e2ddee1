import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../lab/command.ts'
import type { LabAccess } from '../lab/lab.ts'
import type { LabHost } from '../lab/wanted.ts'
import type { Job } from './jobs.ts'
import type { Order } from './measure.ts'

export interface Engine {
  name: string
  /** Exit codes of a check that found something to do. */
  drift: readonly number[]
  /** It only logs in, so it has nothing but a check of hosts as the one before it has left them. */
  isIdle?: true
  order(task: Task, mode: 'run' | 'check'): Pick<Order, 'argv'> & { env?: Record<string, string> }
}

/** A job on its hosts, with the files that all engines are given. */
export interface Task {
  job: Job
  hosts: readonly LabHost[]
  folder: string
  home: string
}

/** Hosts worked on at a time, for all engines alike. */
const MOST_AT_A_TIME = 50

/** Writes what the engines read: an inventory of each kind, settings of ssh, the floor's list. */
export function prepareTask(job: Job, hosts: readonly LabHost[], access: LabAccess, home: string): Task {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text)
  const inventory = (address: (host: LabHost) => object) => {
    const listed = hosts.map((host) => [host.name, { ...job.vars(host), ...address(host) }])
    return JSON.stringify({ all: { children: { [job.group]: { hosts: Object.fromEntries(listed) } } } })
  }
  put(
    'inventory.json',
    inventory(() => ({})),
  )
  put(
    'ansible.json',
    inventory((host) => ({ ansible_host: host.address, ansible_user: access.user })),
  )
  put(
    'ssh_config',
    `Host *\n  User ${access.user}\n  IdentityFile ${access.privateKeyFile}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${access.knownHostsFile}\n  BatchMode yes\n`,
  )
  for (const host of hosts) {
    const settings = Object.entries(job.settings(host, hosts)).map(([name, value]) => `${name}='${value}'\n`)
    put(`${host.name}.settings`, settings.join(''))
  }
  put('hosts', hosts.map(({ name, address }) => `${name} ${address}\n`).join(''))
  return { job, hosts, folder, home }
}

const ssh2: Engine = {
  name: 'Lockstep',
  drift: [2],
  order: ({ job, hosts, folder, home }, mode) => ({
    argv: [
      process.execPath,
      join(home, 'dist/lockstep.js'),
      mode,
      job.playbook,
      ...['-i', join(folder, 'inventory.json'), '--ssh-config', join(folder, 'ssh_config')],
      ...['-f', forks(hosts)],
    ],
  }),
}

const floor: Engine = {
  name: 'floor',
  drift: [],
  order: ({ job, hosts, folder }, mode) => ({
    argv: [
      'xargs',
      '-a',
      join(folder, 'hosts'),
      '-L1',
      `-P${forks(hosts)}`,
      'sh',
      '-c',
      oneSsh,
      'sh',
      folder,
      job.floor,
    ],
    env: { CHECK: mode === 'check' ? '1' : '' },
  }),
}

/** Words: folder, script, name, address. */
const oneSsh = '{ cat "$1/$3.settings" "$2"; } | ssh -F "$1/ssh_config" "$4" "sudo CHECK=$CHECK sh -s"'

/** What no tool over SSH can do without: the part of all others that is ssh and sshd. */
const login: Engine = {
  name: 'login',
  drift: [],
  isIdle: true,
  order: ({ hosts, folder }) => ({
    argv: [
      ...`xargs -a ${folder}/hosts -L1 -P${forks(hosts)} sh -c`.split(' '),
      'ssh -F "$0/ssh_config" "$2" sudo sh -c :',
      folder,
    ],
  }),
}

const ansible: Engine = {
  name: 'Ansible',
  drift: [],
  order: ({ job, hosts, folder }, mode) => ({
    argv: [
      'ansible-playbook',
      ...['-i', join(folder, 'ansible.json'), `--ssh-common-args=-F ${join(folder, 'ssh_config')}`],
      ...['-f', forks(hosts), ...(mode === 'check' ? ['--check'] : []), job.ansible],
    ],
    env: { ANSIBLE_CONFIG: 'bench/jobs/ansible.cfg' },
  }),
}

const MITOGEN = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy'

const mitogen: Engine = {
  name: 'Mitogen',
  drift: [],
  order(task, mode) {
    const { argv, env } = ansible.order(task, mode)
    return { argv, env: { ...env, ANSIBLE_STRATEGY_PLUGINS: MITOGEN, ANSIBLE_STRATEGY: 'mitogen_linear' } }
  },
}

function forks(hosts: readonly LabHost[]): string {
  return String(Math.min(hosts.length, MOST_AT_A_TIME))
}

export const engines: readonly Engine[] = [ssh2, floor, login, ansible, mitogen]

/** Installs from Debian what is to be compared with; gives those that can be. */
export async function availableEngines(log: (line: string) => void): Promise<Engine[]> {
  if (!existsSync('/usr/bin/ansible-playbook') || !existsSync(MITOGEN)) {
    log('installing ansible and ansible-mitogen with apt-get')
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await runCommand(['apt-get', 'install', '-y', '-q', '--no-install-recommends', 'ansible', 'ansible-mitogen'], {
      env,
    })
  }
  const hasAnsible = existsSync('/usr/bin/ansible-playbook')
  const hasMitogen = hasAnsible && existsSync(MITOGEN)
  return engines.filter(({ name }) => (name === 'Ansible' ? hasAnsible : name === 'Mitogen' ? hasMitogen : true))
}
