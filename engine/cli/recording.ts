import { randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import packageJson from '../../package.json' with { type: 'json' }
import { type RecordStart, recordId } from '../history/record.ts'
import { Recorder } from '../history/recorder.ts'
import { Problem } from '../problem.ts'
import { coloursFor } from '../report/colours.ts'
import type { Event, Mode } from '../report/event.ts'
import { verdict } from '../report/verdict.ts'
import { historyFolder } from './history-folder.ts'
import type { Loaded } from './load.ts'
import type { PlayFlags } from './play.ts'
import { sourcesHash } from './sources.ts'

export interface Recording {
  emit: (event: Event) => void
  /** All is done; without an exit code the record stays open, as one that was cut off. */
  end: (exitCode?: number) => void
}

export interface RecordingOptions {
  paths: readonly string[]
  flags: PlayFlags
  mode: Mode
  loaded: Loaded
  operator: string
  /** Says that nothing is recorded, and why. */
  warn: (event: Event) => void
}

/** Records a run or check for `lockstep runs`, unless that is switched off; what goes wrong with that is one warning. */
export function startRecording(options: RecordingOptions): Recording {
  const folder = options.flags.history === false ? undefined : historyFolder()
  if (folder === undefined) return { emit: () => {}, end: () => {} }
  const outcomes: string[] = []
  const recorder = new Recorder(folder, startOf(options), (error) => {
    const problem = new Problem({
      code: 'NOT_RECORDED',
      message: `the run goes on and is not recorded: ${error.message}`,
      hint: 'LOCKSTEP_HISTORY names another folder; --no-history leaves no record',
      severity: 'warning',
    })
    options.warn({ type: 'warning', at: new Date().toISOString(), problem })
  })
  // Ctrl-C twice ends the process at once.
  const close = () => recorder.close()
  process.once('exit', close)
  return {
    emit(event) {
      if (event.type === 'run-finished') outcomes.push(verdict(event.summary, event.mode, coloursFor(false)))
      recorder.emit(event)
    },
    end(exitCode) {
      process.off('exit', close)
      if (exitCode === undefined) return recorder.close()
      const at = new Date().toISOString()
      recorder.end({ type: 'record-finished', at, exitCode, outcome: outcomes.join('; ') || 'nothing was done' })
    },
  }
}

function startOf({ paths, flags, mode, loaded, operator }: RecordingOptions): RecordStart {
  const at = new Date()
  const { inventory, limit, tags, skipTags, plan } = flags
  const names = Object.keys(loaded.vars)
  const sshClient = process.env.SSH_CONNECTION?.split(' ')[0]
  return {
    type: 'record-started',
    version: 1,
    id: recordId(at, randomBytes(3).toString('hex')),
    at: at.toISOString(),
    lockstep: packageJson.version,
    mode,
    operator,
    from: {
      host: hostname(),
      user: userInfo().username,
      folder: process.cwd(),
      ...(sshClient ? { sshClient } : {}),
    },
    playbooks: paths,
    inventory: inventory ?? (loaded.assumed === undefined ? [] : [loaded.assumed]),
    ...(limit ? { limit } : {}),
    ...(tags ? { tags } : {}),
    ...(skipTags ? { skipTags } : {}),
    ...(names.length > 0 ? { extraVars: names } : {}),
    flags: Object.fromEntries(
      recordedFlags.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]])),
    ),
    hosts: [...new Set(loaded.playbooks.flatMap(({ playbook }) => playbook.plays.flatMap(({ hosts }) => hosts)))],
    sources: sourcesHash(loaded.sources()),
    ...(plan === undefined ? {} : { plan }),
  }
}

/** Those that say something about what was done, and can hold nothing secret. */
const recordedFlags = [
  'forks',
  'user',
  'become',
  'becomeUser',
  'becomeMethod',
  'timeout',
  'privateKey',
  'connection',
  'acceptNewHostKeys',
  'sshConfig',
  'guardSeconds',
] as const
