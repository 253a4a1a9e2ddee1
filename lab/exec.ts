import { existsSync } from 'node:fs'
import { Problem } from '../engine/problem.ts'
import { hostGroup, isFrozen, leaderOf } from './cgroup.ts'
import { type CommandResult, runCommand } from './command.ts'
import { hostRecord } from './host.ts'
import { controllerNamespace } from './place.ts'

export interface ExecOptions {
  input?: string | Buffer
  /** The account to run as; root without it. */
  user?: string
}

/** Runs a program on a host, past its network and its sshd. */
export async function labExec(
  host: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<CommandResult> {
  return runCommand(labEnter(host, argv, options.user), { input: options.input })
}

/** The words that run a program on a host, for a caller that wants its own terminal there (`lab shell`). */
export function labEnter(host: string, argv: readonly string[], user = 'root'): string[] {
  const { name } = hostRecord(host)
  const leader = leaderOf(name)
  if (leader === undefined) {
    throw new Problem({
      code: 'LAB_HOST_OFF',
      message: `the lab host '${name}' is off`,
      hint: 'start it with lockstep lab up',
    })
  }
  if (isFrozen(hostGroup(name))) {
    throw new Problem({
      code: 'LAB_HOST_FROZEN',
      message: `the lab host '${name}' is frozen`,
      hint: `lockstep lab thaw ${name}`,
    })
  }
  const spaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup', '--root']
  const home = user === 'root' ? '/root' : `/home/${user}`
  const clean = ['env', '-i', '-C', '/', `PATH=${searchPath}`, `HOME=${home}`, `USER=${user}`, 'LANG=C.UTF-8']
  const terminal = process.env.TERM === undefined ? [] : [`TERM=${process.env.TERM}`]
  const become = user === 'root' ? [] : ['runuser', '-u', user, '--']
  return ['nsenter', `--target=${leader}`, ...spaces, '--', ...clean, ...terminal, ...become, ...argv]
}

/** Puts a command of our own into the network that the lab's hosts are in. */
export function labCommand(argv: readonly string[]): string[] {
  const namespace = `/run/netns/${controllerNamespace}`
  if (!existsSync(namespace)) {
    throw new Problem({ code: 'LAB_DOWN', message: 'the lab is not up', hint: 'start it with lockstep lab up' })
  }
  return ['nsenter', `--net=${namespace}`, '--', ...argv]
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
