import { type Command, sh } from '../resource/command.ts'
import { moment } from '../resource/moment.ts'
import { RemoteProblem } from './remote-problem.ts'
import type { Step, StepResult } from './shell.ts'

/** Who works on a host, as the next one is told. */
export interface LockHolder {
  /** As in `ann@laptop`. */
  by: string
  playbook: string
  /** ISO 8601. */
  since: string
}

/** Root's lock is the host's, where only root can make a file; another user can only keep out itself. */
const FILE = sh`f=/run/lockstep.lock; [ "$(id -u)" = 0 ] || f=$HOME/.lockstep.lock`

/**
 * Takes the host's lock with a descriptor of the session's own shell, or finds that it still has it. So the lock ends with the
 * shell: with the connection, the controller or the host, and never by a clock. Without it nothing else of the round is done:
 * neither what belongs to no group nor to one of so many. A host without flock(1), and a user without a home, cannot be locked. A lock
 * that another session of the same run holds is this one's too: the inventory may have two names for one machine.
 */
export function keepLock(holder: LockHolder, groups: number): Step {
  const all = ['', '-', ...Array.from({ length: groups }, (_, group) => group)].join(' ')
  const { text } = sh`__k=
if [ "\${__l-}" = - ]; then :
elif [ -n "\${__l-}" ]; then
if ! [ "$__l" -ef "/proc/$$/fd/9" ]; then
__k='broken {}'; while IFS= read -r __t; do __k="broken $__t"; done <"/proc/$$/fd/9"
fi
elif ! command -v flock >/dev/null 2>&1; then __l=-
else
${FILE}
__i=0
while [ -z "\${__l-}$__k" ] && [ $__i -lt 20 ]; do
__i=$((__i + 1))
umask 077
if [ -L "$f" ] || { [ -e "$f" ] && ! [ -f "$f" ]; }; then __k="refused $f is not a plain file"
elif ! { command exec 9>>"$f"; } 2>/dev/null; then
if [ "$f" = /run/lockstep.lock ]; then __k="refused $f cannot be written"; else __l=-; fi
elif flock -n 9; then
if [ "$f" -ef "/proc/$$/fd/9" ]; then
printf '%s\\n' ${JSON.stringify(holder)} >"$f"; __l=$f
trap '[ "$__l" -ef "/proc/$$/fd/9" ] && rm -f -- "$__l"' EXIT; trap 'exit 1' HUP PIPE TERM
else exec 9>&-; fi
else
exec 9>&-
{ while IFS= read -r __t; do __k="busy $__t"; done <"$f"; } 2>/dev/null
[ "$__k" != ${`busy ${JSON.stringify(holder)}`} ] || __k=ours
[ -n "$__k" ] || sleep 0.1 2>/dev/null || sleep 1
fi
umask 022
done
[ -n "\${__l-}$__k" ] || __k='busy {}'
[ "$__k" != ours ] || __k=
fi
[ -z "$__k" ] || { printf '%s\\n' "$__k"; __bad=${all}; }
[ -z "$__k" ]`
  return { script: text, timeoutMs: 30_000, inSession: true }
}

/** Gives the lock back and leaves nothing; a lock that has become somebody else's stays. */
export const releaseLock: Step = {
  script:
    sh`[ -z "\${__l-}" ] || ! [ "$__l" -ef "/proc/$$/fd/9" ] || rm -f -- "$__l"; trap - EXIT HUP PIPE TERM; exec 9>&-; __l=`
      .text,
  timeoutMs: 10_000,
  inSession: true,
}

/** Throws when `keepLock` did not get the lock or has it no longer. */
export function requireLock(host: string, result: StepResult | undefined, now: Date): void {
  if (!result || result.code === 0) return
  const words = result.stdout.toString('utf8')
  const [, verdict, rest = words] = /^(busy|broken|refused) (.*)/.exec(words) ?? []
  const said = partsOf(rest)
  switch (verdict) {
    case 'busy': {
      const holder = { by: 'somebody', playbook: 'a playbook', since: 'a moment ago', ...said }
      throw new RemoteProblem({
        code: 'LOCKED',
        host,
        message: `${holder.by} has been working on ${host} since ${moment(holder.since, now)}, with ${holder.playbook}`,
        hint: 'wait with --lock-timeout; the lock goes with that connection, and `lockstep unlock` breaks it',
      })
    }
    case 'broken':
      throw new RemoteProblem({
        code: 'LOCK_BROKEN',
        host,
        message: `${said.brokenBy ?? 'somebody'} broke the lock of this run on ${host}${said.at ? ` at ${moment(said.at, now)}` : ''}, so nothing more is done there`,
        hint: 'the next run goes on where this one stopped, and runs the handlers that are owed',
      })
    default:
      throw new RemoteProblem({
        code: 'LOCK_FAILED',
        host,
        message: `${host} cannot be locked: ${rest}`,
        hint: 'look at that path on the host; nothing was changed',
      })
  }
}

/** What `breakLock` found. */
export type Broken = { kind: 'none' } | { kind: 'stale' } | { kind: 'broken'; holder: Partial<LockHolder> }

/** Breaks the user's lock, on the record: in the host's log and for the one who holds it, whose next round ends. */
export function breakLock(by: string, at: string): Command {
  return sh`${FILE}
[ -e "$f" ] && ! [ -L "$f" ] || exit 0
exec 9<"$f" || exit 1
if flock -n 9; then rm -f -- "$f"; echo stale; exit 0; fi
h=; while IFS= read -r l; do h=$l; done <"$f"
if command -v logger >/dev/null 2>&1; then logger -t lockstep -p user.warning -- ${`${by} broke the lock of`} "$h"; fi
printf '%s\\n' ${JSON.stringify({ brokenBy: by, at })} >>"$f"
! [ "$f" -ef /proc/self/fd/9 ] || rm -f -- "$f" || exit 1
printf 'broken %s\\n' "$h"`
}

export function parseBroken(stdout: Buffer): Broken {
  const [, word, rest = ''] = /^(stale|broken) ?(.*)/.exec(stdout.toString('utf8')) ?? []
  if (word === 'stale') return { kind: 'stale' }
  return word === 'broken' ? { kind: 'broken', holder: partsOf(rest) } : { kind: 'none' }
}

/** The texts of a line of JSON; the file may hold anything. */
function partsOf(json: string): Record<string, string> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
