import { type Command, sh } from '../../engine/resource/command.ts'
import { foldersAbove } from './folders.ts'

/** Runs a script with `$t`, a folder beside `path` that nobody else can look into; `X` are what mktemp replaces. */
export function inPrivateFolder(path: string, script: Command): Command {
  return sh`( umask 077
t=$(mktemp -d ${`${foldersAbove(path)[0] ?? ''}/.lockstep-XXXXXXXXXX`}) || exit 1
trap 'rm -rf -- "$t"' EXIT; trap 'exit 1' HUP INT TERM
${script}
)`
}
