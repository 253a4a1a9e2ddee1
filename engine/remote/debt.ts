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

/** Where a reboot leaves them: root's own place, and for another user its own home. */
const FOLDER = sh`d=/var/lib/lockstep; [ "$(id -u)" = 0 ] || d=$HOME/.lockstep`

/** Looks for the user's debts: one line of JSON each. Their names are not known beforehand, so no merged look can find them. */
export const debtsRead: RawRead = read.raw(
  'lockstep-debts',
  sh`for d in /var/lib/lockstep/debts "$HOME/.lockstep/debts"; do for f in "$d"/*; do if [ -f "$f" ] && [ -r "$f" ]; then while IFS= read -r l || [ -n "$l" ]; do printf '%s\\n' "$l"; done <"$f"; fi; done; done
[ ! -d /var/lib/lockstep ] || [ -r /var/lib/lockstep ] || echo hidden`,
)

/** Whether root has debts that the user who looked is not allowed to see. */
export function hidesDebts({ stdout }: RawState): boolean {
  return /^hidden$/m.test(stdout.toString('latin1'))
}

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

/**
 * Writes the debt; whole or not at all, and on the disk before the change that it belongs to is made. A debt that stands keeps
 * its first time.
 */
export function recordDebt(debt: Debt): Command {
  const name = fileName(debt.handler)
  return sh`${FOLDER}
[ -s "$d/debts/"${name} ] || {
umask 077; t=$d/.new-$$
mkdir -p -- "$d/debts" && chmod 0700 -- "$d" "$d/debts" && printf '%s\n' ${JSON.stringify(debt)} >"$t" &&
{ sync -- "$t" 2>/dev/null || sync; } && mv -f -- "$t" "$d/debts/"${name} &&
{ sync -- "$d/debts" 2>/dev/null || sync; }; }`
}

/** Takes the debt away once its handler has run; with the last of them the folder goes, and what a lost power left in it. */
export function clearDebt(handler: string): Command {
  return sh`${FOLDER}
rm -f -- "$d/debts/"${fileName(handler)} || exit 1
rmdir -- "$d/debts" 2>/dev/null && { rm -f -- "$d"/.new-*; rmdir -- "$d" 2>/dev/null; }; :`
}

/** Says in the host's log who takes a debt away that nobody has paid. */
export function forgetDebt(handler: string, by: string): Command {
  return sh`if command -v logger >/dev/null 2>&1; then logger -t lockstep -p user.warning -- ${`${by} forgot the handler '${handler}', which was owed`}; fi`
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
