import type { Become } from '../remote/address.ts'
import type { RemoteHost } from '../remote/host.ts'
import { sh } from '../resource/command.ts'
import { becomeOf } from './each-host.ts'
import type { ConnectionFlags } from './options.ts'

/** Where root's debts and locks lie: everybody sees whether there are any, and only root sees which. */
const SEES_ROOTS = sh`[ "$(id -u)" != 0 ] && { [ -e /var/lib/lockstep ] || [ -e /run/lockstep.lock ]; } && echo root; :`

/** Whose debts and locks there may be on the host: the one that the flags name; otherwise the login user, and root when it has any. */
export async function eachUser(remote: RemoteHost, flags: ConnectionFlags): Promise<(Become | undefined)[]> {
  const named = becomeOf(flags)
  if (named) return [named]
  const { jobs } = await remote.round({
    become: undefined,
    jobs: [{ commands: [SEES_ROOTS], timeoutMs: 10_000 }],
    reads: [],
  })
  const root: Become = { user: 'root', method: flags.becomeMethod ?? 'sudo' }
  return jobs[0]?.[0]?.stdout.toString('latin1').trim() === 'root' ? [undefined, root] : [undefined]
}
