import { Problem } from '../engine/problem.ts'
import { labExec } from './exec.ts'

/**
 * The processes that tell whether somebody was at work on a host, one line each: those of running services by their number,
 * so that a restart shows, and those that nobody waits for any more. Sessions, and what systemd is about to start, are none.
 */
export async function labProcesses(host: string): Promise<string[]> {
  const running = await labExec(host, ['sh', '-c', lookScript])
  if (running.code !== 0) {
    const message = `the processes of ${host} could not be listed: ${running.stderr.toString().trim()}`
    throw new Problem({ code: 'LAB_DIGEST', message })
  }
  return running.stdout.toString().split('\n').filter(Boolean)
}

/** An orphan has the parent 1; one that a session has left behind as it ended is given two seconds to see that. */
const lookScript = `
set -u
orphans() {
  known=" $(systemctl show --no-pager -p MainPID -p ControlPID -- '*.service' | sed -n 's/^.*PID=//p' | tr '\\n' ' ') "
  for stat in /proc/[0-9]*/stat; do
    read -r line 2>/dev/null <"$stat" || continue
    pid=\${line%% *}; name=\${line#*(}; name=\${name%)*}; set -- \${line##*) }
    [ "$2" = 1 ] && [ "$1" != Z ] || continue
    case $known in *" $pid "*) continue;; esac
    echo "orphan $pid $name"
  done
}
tries=0
while [ -n "$(orphans)" ] && [ $tries -lt 20 ]; do tries=$((tries + 1)); sleep 0.1; done
orphans
systemctl show --no-pager -p Id -p MainPID -p SubState -- '*.service' | awk -v RS= '{
  for (i = 1; i <= NF; i++) { at = index($i, "="); value[substr($i, 1, at - 1)] = substr($i, at + 1) }
  if (value["SubState"] == "running") print "service", value["Id"], value["MainPID"]
}' | sort
`
