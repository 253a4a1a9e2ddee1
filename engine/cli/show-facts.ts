import { stringify } from 'yaml'
import { factsRead, parseFacts } from '../remote/facts.ts'
import type { RawState } from '../resource/read.ts'
import { becomeOf, type EachHostFlags, eachHost } from './each-host.ts'
import { exitCodes } from './failure.ts'

export interface FactsFlags extends EachHostFlags {
  format: 'yaml' | 'json'
}

/** Prints the facts of each host: one YAML document of them all, or a line of JSON a host. */
export async function showFacts(pattern: string, flags: FactsFlags): Promise<number> {
  return await eachHost(pattern, flags, async (remote, host) => {
    const { seen } = await remote.round({ become: becomeOf(flags), jobs: [], reads: [factsRead] })
    const found = seen.get(factsRead.key)
    if (!found || !('state' in found)) throw new Error(`the facts of ${host} were not seen`)
    const value = { [host]: parseFacts(found.state as RawState) }
    return { text: flags.format === 'json' ? `${JSON.stringify(value)}\n` : stringify(value), code: exitCodes.done }
  })
}
