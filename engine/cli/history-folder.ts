import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where records of runs lie; undefined when LOCKSTEP_HISTORY says `off`. */
export function historyFolder(environment = process.env): string | undefined {
  const given = environment.LOCKSTEP_HISTORY
  if (given === 'off') return undefined
  return given ? resolve(given) : join(stateFolder(environment), 'runs')
}

/** What Lockstep keeps for this user from run to run; see the XDG base directory specification. */
export function stateFolder(environment = process.env): string {
  const state = environment.XDG_STATE_HOME
  // A path that is not absolute is to be ignored, by the specification.
  return join(state?.startsWith('/') ? state : join(homedir(), '.local', 'state'), 'lockstep')
}
