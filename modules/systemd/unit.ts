import { Type } from '@sinclair/typebox'
import type { ActionResult, Outcome } from '../../engine/resource/action.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import type { UnitState } from '../../engine/resource/read.ts'

/** The name of a systemd unit that can run, as an argument. */
export const unitArg = Type.String({
  pattern: '^[\\w:.\\\\-]+(@[\\w:\\\\-][\\w:.\\\\-]*)?$',
  description: 'Unit, as in nginx, tunnel@mm2 or backup.timer; it is a service unless its ending says otherwise.',
})

/** The name of a unit or of the template of many, as an argument. */
export const unitOrTemplateArg = Type.String({
  pattern: '^[\\w:.\\\\-]+(@[\\w:.\\\\-]*)?$',
  description:
    'Unit, as in nginx, tunnel@mm2 or backup.timer; a service unless its ending says otherwise. tunnel@ is a template.',
})

const KINDS = /\.(service|socket|target|timer|path|mount|automount|swap|slice|scope|device)$/

/** The full name of a unit: `nginx` is nginx.service. */
export function unitName(name: string): string {
  return KINDS.test(name) ? name : `${name}.service`
}

/** Whether it is the template of many units, as tunnel@ is of tunnel@mm2; systemd knows nothing of its own about it. */
export function isTemplate(name: string): boolean {
  return unitName(name).includes('@.')
}

/** Whether a unit runs whose file went and came back: systemd calls that an error until it reads its files anew. */
export function isBusy({ load, active }: UnitState): boolean {
  return load === 'error' && active !== 'inactive' && active !== 'failed'
}

/** What stands in the way of working with a unit, as a sentence and a hint; undefined when nothing does. */
export function unitObstacle(name: string, unit: UnitState): { failure: string; hint: string } | undefined {
  const { load } = unit
  if (isBusy(unit)) return undefined
  switch (load) {
    case 'absent':
      return {
        failure: `the host does not run systemd, so ${name} cannot be managed`,
        hint: 'systemctl must answer there',
      }
    case 'not-found':
      return {
        failure: `the host has no unit ${name}`,
        hint: 'install the package that brings it, or write its unit file with `systemd` and `content`',
      }
    case 'masked':
      return { failure: `${name} is masked`, hint: 'unmask it with `systemd` and `masked: false`' }
    case 'bad-setting':
    case 'error':
      return {
        failure: `systemd cannot load ${name}: ${load}`,
        hint: `see what \`systemd-analyze verify ${name}\` says`,
      }
    default:
      return undefined
  }
}

/** Fails when nothing can be done with a unit. */
export function requireUnit(name: string, unit: UnitState): void {
  const obstacle = unitObstacle(name, unit)
  if (obstacle) throw new TaskFailure(obstacle.failure, obstacle.hint)
}

/**
 * Starts, restarts or reloads a unit and sees to it that it is up: a service that systemd calls started as soon as its
 * process exists is looked at for a moment longer. What is not up fails with a sentence and the last lines of its journal.
 * systemd is told of changed unit files first, and to forget that it has tried too often; of a unit whose file is gone it has only
 * what it holds in memory, and would lose that.
 */
export function bringUp(verb: 'start' | 'restart' | 'reload' | 'reload-or-restart', unit: string): Command {
  return sh`u=${unit}; v=${verb}
${LOOK}
fail() { printf 'lockstep: %s\n' "$1" >&2; journalctl -u "$u" -n 8 --no-pager -o cat >&2 2>/dev/null; exit 1; }
look; case $reload$load in
yes*|*error) [ -n "$fragment" ] && [ ! -e "$fragment" ] || systemctl daemon-reload || exit 1;;
esac
[ "$active" != failed ] || systemctl reset-failed -- "$u"
said=$(systemctl "$v" -- "$u" 2>&1) || fail "systemctl $v $u: $(printf '%s\\n' "$said" | head -n 1)"
look; before=$restarts; i=0
while :; do
case $active in
active|reloading) [ "$restarts" = "$before" ] || fail "$u keeps crashing and being restarted";;
inactive) if [ "$type" = oneshot ] && [ "$result" = success ]; then break; fi
[ "$condition" != no ] || fail "$u was not started: a condition in its unit file does not hold"
fail "$u is not up after $v: it ended at once";;
*) fail "$u is not up after $v: it is $active ($sub, $result)";;
esac
case $v$type in reload*|*simple|*exec|*idle|*forking);; *) break;; esac
[ $i = 0 ] || break; i=1; sleep 0.6 2>/dev/null || sleep 1
look; done
printf '%s %s\n' "$active" "$sub"`
}

/** What came of `bringUp`: its own sentence is the failure, the journal's end the hint. */
export function bringUpResult(name: string, { code, stdout, stderr }: Outcome): ActionResult {
  const [active = '', sub = ''] = stdout.toString('utf8').trim().split(' ')
  const result = { name, active, sub }
  if (code === 0) return { changed: true, result }
  const lines = stderr.toString('utf8').trimEnd().split('\n')
  const said = lines.findIndex((line) => line.startsWith('lockstep: '))
  const failure = lines[said]?.slice('lockstep: '.length) ?? `systemctl ended with exit code ${code} for ${name}`
  const journal = lines.slice(said + 1)
  return {
    changed: true,
    failure,
    result,
    ...(journal.length > 0 ? { hint: `its journal ends with:\n${journal.join('\n')}` } : {}),
  }
}

const LOOK = sh`look() { load= active= sub= type= result= restarts= reload= condition= fragment=
while IFS='=' read -r key value; do case $key in
LoadState) load=$value;; ActiveState) active=$value;; SubState) sub=$value;; Type) type=$value;; Result) result=$value;;
NRestarts) restarts=$value;; NeedDaemonReload) reload=$value;; ConditionResult) condition=$value;;
FragmentPath) fragment=$value;;
esac; done <<END
$(systemctl show -p LoadState,ActiveState,SubState,Type,Result,NRestarts,NeedDaemonReload,ConditionResult,FragmentPath -- "$u")
END
}`
