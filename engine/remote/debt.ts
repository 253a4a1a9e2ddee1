import { createHash } from 'node:crypto'
import { type Command, sh } from '../resource/command.ts'
import { type RawRead, type RawState, read } from '../resource/read.ts'

/** A handler that was notified and has not run: recorded on the host before the change that notifies it. */
export interface Debt {
  handler: string
  playbook: string
  /** The task that notified it. */
  reason: string
  /** ISO 8601. */
  since: string
  /** Who ran the playbook, and from where. */
  by: string
}

/** Root keeps its debts where a reboot leaves them; another user below its own home. */
const FOLDER = sh`d=/var/lib/lockstep; [ "$(id -u)" = 0 ] || d="\${XDG_STATE_HOME:-$HOME/.local/state}/lockstep"`

/** Looks for debts: one line of JSON each. Their names are not known beforehand, so no merged look can find them. */
export const debtsRead: RawRead = read.raw(
  'lockstep-debts',
  sh`for d in /var/lib/lockstep/debts "\${XDG_STATE_HOME:-$HOME/.local/state}/lockstep/debts"; do for f in "$d"/*; do if [ -f "$f" ] && [ -r "$f" ]; then while IFS= read -r l || [ -n "$l" ]; do printf '%s\\n' "$l"; done <"$f"; fi; done; done; :`,
)

/** Reads what `debtsRead` brought; lines that are not debts are left out, since a host may hold anything there. */
export function parseDebts(state: RawState): Debt[] {
  return state.stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const debt = parseDebt(line)
      return debt ? [debt] : []
    })
}

/** Writes the debt; atomic, and there before the change that it belongs to is made. A debt that stands keeps its first time. */
export function recordDebt(debt: Debt): Command {
  const name = fileName(debt.handler)
  return sh`${FOLDER}
mkdir -p "$d/debts" && chmod 0700 "$d" "$d/debts" || exit 1
[ -e "$d/debts/"${name} ] || { printf '%s\\n' ${JSON.stringify(debt)} >"$d/.new-"${name} && sync "$d/.new-"${name} && mv -f -- "$d/.new-"${name} "$d/debts/"${name}; }`
}

/** Takes the debt away once its handler has run, and the folder with the last of them. */
export function clearDebt(handler: string): Command {
  return sh`${FOLDER}
rm -f -- "$d/debts/"${fileName(handler)} || exit 1
rmdir -- "$d/debts" 2>/dev/null && rmdir -- "$d" 2>/dev/null; :`
}

/** Handlers have free names; files do not. */
function fileName(handler: string): string {
  return createHash('sha256').update(handler).digest('hex').slice(0, 32)
}

function parseDebt(line: string): Debt | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { handler, playbook, reason, since, by } = value as Record<string, unknown>
  const texts = [handler, playbook, reason, since, by]
  return texts.every((text) => typeof text === 'string')
    ? ({ handler, playbook, reason, since, by } as Debt)
    : undefined
}
