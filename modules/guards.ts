import { Type } from '@sinclair/typebox'
import type { Decision } from '../engine/resource/action.ts'
import { Arg } from '../engine/resource/arguments.ts'
import { type Command, sh } from '../engine/resource/command.ts'
import { type FileRead, type FileState, type RawRead, type RawState, read } from '../engine/resource/read.ts'
import { NOT_RUN } from './process-result.ts'

/** Arguments that say when a command is due, and where it runs. */
export const guardArgs = {
  creates: Type.Optional(Arg.path({ description: 'Path that it makes; when it exists, nothing is run.' })),
  removes: Type.Optional(Arg.path({ description: 'Path that it removes; when it is absent, nothing is run.' })),
  unless: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Shell command that only looks; when it ends with 0, nothing is run. Check mode runs it too.',
    }),
  ),
  only_if: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Shell command that only looks; when it ends with anything but 0, nothing is run. Check mode runs it too.',
    }),
  ),
  chdir: Type.Optional(Arg.path({ description: 'Folder in which it runs, its guards included.' })),
}

/** What a task says by these arguments. */
export interface Guards {
  creates?: string
  removes?: string
  unless?: string
  only_if?: string
  chdir?: string
}

// A type, not an interface: only then is it a record of reads.
type GuardReads = { creates?: FileRead; removes?: FileRead; unless?: RawRead; onlyIf?: RawRead }

/** The reads of the guards that are given, and of no others. */
export function guardReads({ creates, removes, unless, only_if, chdir }: Guards): GuardReads {
  return {
    ...(creates === undefined ? {} : { creates: read.status(creates) }),
    ...(removes === undefined ? {} : { removes: read.status(removes) }),
    ...(unless === undefined ? {} : { unless: guardRead(unless, chdir) }),
    ...(only_if === undefined ? {} : { onlyIf: guardRead(only_if, chdir) }),
  }
}

/** Whether a command is due by its guards; `what` is what it does. */
export function guarded(
  what: string,
  { creates, removes, unless, only_if }: Guards,
  have: { creates?: FileState; removes?: FileState; unless?: RawState; onlyIf?: RawState },
): Decision {
  const isHeld =
    (have.creates && have.creates.type !== 'absent') ||
    have.removes?.type === 'absent' ||
    have.unless?.code === 0 ||
    (have.onlyIf && have.onlyIf.code !== 0)
  if (isHeld) return { due: false, result: NOT_RUN }
  const reasons = [
    creates === undefined ? '' : `${creates} does not exist`,
    removes === undefined ? '' : `${removes} exists`,
    unless === undefined ? '' : `\`${unless}\` does not hold`,
    only_if === undefined ? '' : `\`${only_if}\` holds`,
  ].filter(Boolean)
  return { due: true, what: reasons.length === 0 ? what : `${what}, since ${reasons.join(' and ')}` }
}

/** The command in its folder. */
export function inFolder(chdir: string | undefined, command: Command): Command {
  return chdir === undefined ? command : sh`cd ${chdir} && ${command}`
}

/** What a guard looks at only its own author knows. */
function guardRead(text: string, chdir: string | undefined): RawRead {
  return read.raw(`guard:${chdir ?? ''}:${text}`, inFolder(chdir, sh`sh -c ${text}`), { anything: true })
}
