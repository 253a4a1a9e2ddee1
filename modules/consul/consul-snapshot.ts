import { Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { read } from '../../engine/resource/read.ts'
import { temporaryOf } from '../../engine/resource/write-text.ts'
import { curlInto } from '../curl.ts'
import { addressOf, apiArgs, forbidden, requestOf, secondsOf, shortened } from './consul-api.ts'

/** The state of a Consul cluster in a file of a member, looked into before it counts. */
export const consulSnapshot = defineAction({
  name: 'consul-snapshot',
  summary:
    'Saves the state of a Consul cluster to a file of the host, 0600, looks into it, and keeps one that is young.',
  args: Arg.object({
    ...apiArgs,
    path: Arg.path({ description: 'File on the host; the one that is there stays until the new one is whole.' }),
    max_age: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'Seconds: a snapshot that is younger is kept, and nothing is done; a new one each time when left out.',
      }),
    ),
  }),
  examples: [
    `- consul-snapshot: { path: /root/example.snap, max_age: 86400 }
  register: snapshot
- consul-snapshot: { path: /root/example.snap, max_age: 43200, timeout: 60 }
`,
  ],

  // Only the host tells how old a file is by its own clock, and only Consul whether it is a snapshot.
  reads: ({ path }) => ({ there: read.raw(`consul-snapshot:${path}`, thereCommand(path)) }),

  decide({ path, max_age = 0 }, { there }) {
    const kept = there.code === 0 ? inspected(there.stdout) : undefined
    if (kept && kept.age >= 0 && kept.age < max_age)
      return { due: false, result: { path, index: kept.index, size: kept.size } }
    const why = max_age === 0 ? '' : `, since there is none of the last ${max_age} s`
    return { due: true, what: `saves a snapshot of Consul to ${path}${why}` }
  },

  run(want) {
    const { path } = want
    const temporary = temporaryOf(path)
    return sh`( t=${temporary}; p=${path}
command -v consul >/dev/null 2>&1 || { echo 'lockstep: the host has no consul, which is needed to look into a snapshot' >&2; exit 69; }
trap 'rm -f -- "$t"' EXIT; trap 'exit 1' HUP INT PIPE TERM
umask 077; rm -f -- "$t" || exit 1; set -C; : >"$t" || exit 1; set +C
i=0; while :; do
s=$(${curlInto(requestOf(want, { path: 'snapshot' }), temporary)}
) || exit 1
case $s in 5??) [ $i -lt ${AGAIN} ] || break;; *) break;; esac
i=$((i + 1)); sleep 1; done
[ "$s" != 403 ] || { echo ${`lockstep: no snapshot was to be had of ${addressOf(want)}: ${forbidden('acl:write')}`} >&2; exit 1; }
[ "$s" = 200 ] || { echo "lockstep: ${addressOf(want)} answered $s to the wish for a snapshot: $(head -c 200 -- "$t" | tr -d '\\000' | tr '\\n' ' ')" >&2; exit 1; }
i=$(consul snapshot inspect "$t" 2>&1) || { echo "lockstep: what ${addressOf(want)} gave is no snapshot: $i" >&2; exit 1; }
sync -- "$t" 2>/dev/null || sync
mv -fT -- "$t" "$p" || exit 1
stat -c 'Bytes %s' -- "$p"; printf '%s\\n' "$i" )`
  },

  terse: true,

  seconds: (want) => (AGAIN + 1) * (secondsOf(want) + 1) + 60,

  conclude(want, { code, stdout, stderr }) {
    const { path } = want
    const found = inspected(stdout)
    if (code === 0 && found) return { changed: true, result: { path, index: found.index, size: found.size } }
    const said = shortened(stderr.toString('utf8').trim().split('\n').at(-1) ?? '').replace(/^lockstep: /, '')
    const failure =
      said || (code === 0 ? 'Consul does not tell the index of the snapshot' : `it ended with exit code ${code}`)
    return {
      changed: true,
      failure: `no snapshot was saved to ${path}: ${failure}`,
      result: { path, index: 0, size: 0 },
    }
  },
})

/** A member asks the leader, by a connection that it has kept: one that has broken since is told as an error of the server, once. */
const AGAIN = 2

/** Ends well when there is a snapshot, and tells how old it is and what is in it. */
function thereCommand(path: string): Command {
  return sh`p=${path}; [ -f "$p" ] && [ ! -L "$p" ] && echo "Seconds $(($(date +%s) - $(stat -c %Y -- "$p")))" &&
stat -c 'Bytes %s' -- "$p" && consul snapshot inspect "$p" 2>/dev/null`
}

/** What `consul snapshot inspect` prints of a good one. */
function inspected(stdout: Buffer): { index: number; size: number; age: number } | undefined {
  const text = stdout.toString('latin1')
  const [, size] = /^Bytes (\d{1,15})$/m.exec(text) ?? []
  const [, index] = /^\s*Index\s+(\d{1,15})\s*$/m.exec(text) ?? []
  const [, age = '0'] = /^Seconds (-?\d{1,15})$/m.exec(text) ?? []
  return size === undefined || index === undefined
    ? undefined
    : { index: Number(index), size: Number(size), age: Number(age) }
}
