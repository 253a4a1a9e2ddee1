import { sh } from '../resource/command.ts'
import type { Step, StepResult } from './shell.ts'

/** Who works on a host, as the next one is told. */
export interface LockHolder {
  /** As in `ann@laptop`. */
  by: string
  playbook: string
  /** ISO 8601. */
  since: string
}

const BUSY = 75

/** Root's lock is the host's; another user can only keep out itself. */
const FILE = sh`__l=/run/lockstep.lock; [ "$(id -u)" = 0 ] || __l=$HOME/.lockstep.lock`

/**
 * Takes the host's lock with a descriptor of the session's own shell, so that it ends with the shell: with the connection, the
 * controller or the host, and never by a clock. The file tells who holds it. A host without flock(1) cannot be locked.
 */
export function takeLock(holder: LockHolder): Step {
  const { text } = sh`${FILE}
__k=
if [ ! -L "$__l" ] && { command exec 9>>"$__l"; } 2>/dev/null; then
if ! command -v flock >/dev/null 2>&1; then exec 9>&-; __k=without
elif flock -n 9 && [ "$__l" -ef "/proc/$$/fd/9" ]; then printf '%s\\n' ${JSON.stringify(holder)} >"$__l"; __k=mine
else exec 9>&-; fi; fi
if [ -z "$__k" ]; then while IFS= read -r __k; do printf '%s\\n' "$__k"; done <"$__l"; (exit ${BUSY}); fi`
  return { script: text, timeoutMs: 10_000, inSession: true }
}

/** Gives the lock back and leaves nothing. */
export const releaseLock: Step = {
  script: sh`${FILE}
rm -f -- "$__l"; exec 9>&-`.text,
  timeoutMs: 10_000,
  inSession: true,
}

/** Who has the lock, when `takeLock` did not get it. */
export function parseLock(result: StepResult | undefined): LockHolder | undefined {
  if (!result || result.code !== BUSY) return undefined
  let value: unknown
  try {
    value = JSON.parse(result.stdout.toString('utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const { by, playbook, since } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return {
    by: String(by ?? 'somebody'),
    playbook: String(playbook ?? 'a playbook'),
    since: String(since ?? 'a moment ago'),
  }
}
