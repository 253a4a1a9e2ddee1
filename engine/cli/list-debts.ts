import type { Become } from '../remote/address.ts'
import { clearDebt, type Debt, debtsRead, forgetDebt, parseDebts } from '../remote/debt.ts'
import type { RemoteHost } from '../remote/host.ts'
import { debtWords } from '../report/debt-words.ts'
import { printableLine } from '../report/printable.ts'
import type { RawState } from '../resource/read.ts'
import { type EachHostFlags, eachHost, type HostAnswer } from './each-host.ts'
import { eachUser } from './each-user.ts'
import { exitCodes } from './failure.ts'
import { operator } from './operator.ts'

export interface DebtsFlags extends EachHostFlags {
  output: 'text' | 'json'
  forget?: string
}

/** Prints what is owed to each host: a line a debt, or a line of JSON a host. */
export async function listDebts(pattern: string, flags: DebtsFlags): Promise<number> {
  return await eachHost(pattern, flags, async (remote, host) => {
    const found: Debt[] = []
    for (const become of await eachUser(remote, flags)) {
      const debts = await debtsOf(remote, become)
      const isForgotten = ({ handler }: Debt) => handler === flags.forget
      for (const debt of debts.filter(isForgotten)) await forget(remote, become, debt)
      found.push(...(flags.forget === undefined ? debts : debts.filter(isForgotten)))
    }
    return flags.forget === undefined ? listed(host, found, flags) : forgotten(host, flags.forget, found)
  })
}

async function debtsOf(remote: RemoteHost, become: Become | undefined): Promise<Debt[]> {
  const { seen } = await remote.round({ become, jobs: [], reads: [debtsRead] })
  const answer = seen.get(debtsRead.key)
  return answer && 'state' in answer ? parseDebts(answer.state as RawState) : []
}

async function forget(remote: RemoteHost, become: Become | undefined, { handler }: Debt): Promise<void> {
  const commands = [forgetDebt(handler, operator()), clearDebt(handler)]
  await remote.round({ become, jobs: [{ commands, timeoutMs: 30_000 }], reads: [] })
}

function listed(host: string, debts: readonly Debt[], { output }: DebtsFlags): HostAnswer {
  const code = debts.length > 0 ? exitCodes.drift : exitCodes.done
  if (output === 'json') return { text: `${JSON.stringify({ host, debts })}\n`, code }
  const now = new Date()
  const lines = debts.map((debt) => `${printableLine(`${host}: '${debt.handler}' ${debtWords(debt, now)}`)}\n`)
  return { text: lines.join('') || `${printableLine(host)}: nothing is owed\n`, code }
}

function forgotten(host: string, handler: string, debts: readonly Debt[]): HostAnswer {
  const now = new Date()
  const lines = debts.map((debt) => `${printableLine(`${host}: forgot '${debt.handler}', ${debtWords(debt, now)}`)}\n`)
  return {
    text: lines.join('') || `${printableLine(`${host}: '${handler}' is not owed`)}\n`,
    code: exitCodes.done,
  }
}
