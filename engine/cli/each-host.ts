import pLimit from 'p-limit'
import type { Become } from '../remote/address.ts'
import type { RemoteHost } from '../remote/host.ts'
import { RemoteProblem } from '../remote/remote-problem.ts'
import { problemText } from '../report/problem-text.ts'
import { sievedProblem } from '../report/sieve.ts'
import { coloured, exitCodes } from './failure.ts'
import { askFor, hostOpener } from './hosts.ts'
import { interruptible } from './interrupts.ts'
import { enterLab, labAccess } from './lab-entry.ts'
import { isLab } from './lab-inventory.ts'
import { load } from './load.ts'
import type { ConnectionFlags, InventoryFlags } from './options.ts'
import { knownSecrets } from './process-secrets.ts'

export interface EachHostFlags extends InventoryFlags, ConnectionFlags {
  extraVars?: string[]
}

/** What was done on one host: text for stdout, and an exit code. */
export interface HostAnswer {
  text: string
  code: number
}

/**
 * Does one thing on each host that a pattern chooses, outside of any playbook, and prints each answer as it comes. The exit
 * code is the worst one.
 */
export async function eachHost(
  pattern: string,
  flags: EachHostFlags,
  work: (remote: RemoteHost, host: string) => Promise<HostAnswer>,
): Promise<number> {
  const { inventory } = await load([], flags, 'run')
  const chosen = inventory.select(flags.limit ? `${pattern}:&${flags.limit.join(':&')}` : pattern)
  const access = labAccess()
  if (isLab(inventory) && !access) return await enterLab(inventory)
  const answers = await askFor(flags)
  const say = (text: string) => process.stderr.write(`${text}\n`)
  return await interruptible(say, async (signal) => {
    const lab = isLab(inventory) ? access : undefined
    const open = await hostOpener({ inventory, plays: [], flags, lab, signal, answers })
    const limit = pLimit(flags.forks)
    const codes = await Promise.all(
      chosen.map((host) => limit(() => (signal.aborted ? exitCodes.interrupted : one(host)))),
    )
    return Math.max(exitCodes.done, ...codes)

    async function one(host: string): Promise<number> {
      try {
        const remote = await open(host)
        try {
          const { text, code } = await work(remote, host)
          process.stdout.write(knownSecrets.hide(text))
          return code
        } finally {
          await remote.close()
        }
      } catch (error) {
        if (!(error instanceof RemoteProblem)) throw error
        process.stderr.write(
          `${problemText([sievedProblem(error, knownSecrets)], { colour: coloured(process.stderr) })}\n`,
        )
        return error.unreachable ? exitCodes.unreachable : exitCodes.failed
      }
    }
  })
}

/** Whom the flags say to become, for what no task speaks. */
export function becomeOf({ become, becomeUser, becomeMethod }: ConnectionFlags): Become | undefined {
  if (!become && becomeUser === undefined) return undefined
  return { user: becomeUser ?? 'root', method: becomeMethod ?? 'sudo' }
}
