import { type Static, Type } from '@sinclair/typebox'
import type { Outcome } from '../../engine/resource/action.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { parseAnswers } from '../curl.ts'
import { type Api, type ApiRequest, askConsul, complaintOf, jsonOf } from './consul-api.ts'

const name = Type.String({ pattern: '^[\\w.-]{1,255}$' })
const address = Type.String({ pattern: '^[\\w.:\\[\\]-]{1,120}$' })
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const digits = Type.String({ pattern: '^\\d{1,15}$' })
const MEMBERS = 100

const Self = Type.Object({
  Config: Type.Object({ Version: Type.String({ pattern: '^[\\w.+-]{1,60}$' }), Server: Type.Boolean() }),
  Member: Type.Object({ Name: name, Status: count }),
  Stats: Type.Object({
    consul: Type.Object({ known_servers: Type.Optional(digits) }),
    raft: Type.Optional(
      Type.Object({
        state: Type.String({ pattern: '^\\w{1,20}$' }),
        commit_index: digits,
        applied_index: digits,
        last_log_index: digits,
      }),
    ),
  }),
})
const Leader = Type.Union([address, Type.Literal('')])
const Peers = Type.Array(address, { maxItems: MEMBERS })
const Health = Type.Object({
  Healthy: Type.Boolean(),
  FailureTolerance: Type.Integer(),
  Servers: Type.Array(
    Type.Object({
      Name: Type.Union([name, Type.Literal('')]),
      Address: Type.Union([address, Type.Literal('')]),
      SerfStatus: Type.String({ pattern: '^\\w{1,20}$' }),
      Leader: Type.Boolean(),
      LastContact: Type.String({ pattern: '^-?[\\d.a-zµ]{1,30}$' }),
      LastIndex: count,
      Healthy: Type.Boolean(),
      Voter: Type.Boolean(),
    }),
    { maxItems: MEMBERS },
  ),
})
const Configuration = Type.Object({
  Servers: Type.Array(Type.Object({ Node: name, Address: address, Leader: Type.Boolean(), Voter: Type.Boolean() }), {
    maxItems: MEMBERS,
  }),
})

const HEALTH = 'operator/autopilot/health'

/** Requests, in this order, and the right that each of them takes: a client agent knows the rest only from servers. */
const QUESTIONS = [
  { path: 'agent/self', shape: Self, right: 'agent:read' },
  { path: 'status/leader', shape: Leader, right: undefined },
  { path: 'status/peers', shape: Peers, right: undefined },
  { path: 'operator/raft/configuration', shape: Configuration, right: 'operator:read' },
  { path: HEALTH, shape: Health, right: 'operator:read' },
] as const

/** What a member says of itself and of the cluster; what it does not say, or says in another shape, is undefined. */
export interface ConsulLook {
  self: Static<typeof Self> | undefined
  /** Address and port, or empty when there is none. */
  leader: Static<typeof Leader> | undefined
  peers: Static<typeof Peers> | undefined
  health: Static<typeof Health> | undefined
  configuration: Static<typeof Configuration> | undefined
  /** Which process the unit runs, as an opaque word; empty when that is not to be seen. */
  process: string
  /** For each question that has no answer as it must be: why. */
  reasons: Readonly<Record<string, string>>
}

export type ServerHealth = Static<typeof Health>['Servers'][number]

export interface Looking {
  role: 'server' | 'client'
  polls: number
  /** Seconds between two polls. */
  apart: number
  unit: string
}

function questionsOf(role: Looking['role']) {
  return role === 'server' ? QUESTIONS : QUESTIONS.slice(0, 3)
}

/** Looks `polls` times, or until a look fails, on the host itself: one trip, and the wait between them is not stretched by the way. */
export function lookCommand(api: Api, { role, polls, apart, unit }: Looking): Command {
  const ask = askConsul(
    api,
    // Without a leader each of the last two would be held for seven seconds; only the last one tells something by a bad status.
    questionsOf(role).map(({ path }): ApiRequest => ({ path, fails: path !== HEALTH })),
  )
  // The start time of a process, in ticks since the boot, tells it from another that has got its number.
  return sh`n=0; while :; do n=$((n + 1))
c=0; { ${ask}
} || c=$?
m=$(systemctl show -p MainPID --value ${unit} 2>/dev/null); p=
case $m in ''|0|*[!0-9]*);; *) IFS= read -r s </proc/$m/stat 2>/dev/null && s=\${s##*) } && { set -- $s; IFS= read -r b </proc/sys/kernel/random/boot_id; p=$b-$m-\${20}; };; esac
printf '\\n%s %s %s\\n' ${MARK} "$c" "$p"
[ "$c" -eq 0 ] && [ "$n" -lt ${polls} ] || break
sleep ${String(apart)}; done`
}

/** The looks that `lookCommand` has printed, the first one first. */
export function parseLooks({ stdout, stderr }: Outcome, role: Looking['role']): ConsulLook[] {
  const looks: ConsulLook[] = []
  for (let end = stdout.length; ; ) {
    const line = /\n(?:lockstep-look) (\d+) ([\w-]*)\n$/.exec(stdout.toString('latin1', Math.max(0, end - 200), end))
    if (!line) return looks
    const { answers, begin } = parseAnswers(stdout, end - line[0].length)
    looks.unshift(lookOf(answers, role, { code: Number(line[1]), stdout, stderr }, line[2] ?? ''))
    end = begin
  }
}

function lookOf(
  answers: ReturnType<typeof parseAnswers>['answers'],
  role: Looking['role'],
  outcome: Outcome,
  process: string,
): ConsulLook {
  const reasons: Record<string, string> = {}
  let first: string | undefined
  const said = questionsOf(role).map(({ path, shape, right }, index) => {
    const answer = answers[index]
    // An unhealthy cluster is told with 429, and its body tells who.
    const isTold = answer?.status === 429 && path === HEALTH
    // After a bad answer nothing more is asked.
    const unasked = answer === undefined ? first : undefined
    const complaint = isTold ? undefined : (unasked ?? complaintOf(answer, outcome, right))
    const value = complaint === undefined ? jsonOf(shape, answer) : undefined
    if (value === undefined) reasons[path] = complaint ?? 'its answer is not of the shape that Consul gives'
    first ??= complaint
    return value
  })
  const [self, leader, peers, configuration, health] = said as [
    ConsulLook['self'],
    ConsulLook['leader'],
    ConsulLook['peers'],
    ConsulLook['configuration'],
    ConsulLook['health'],
  ]
  return { self, leader, peers, health, configuration, process, reasons }
}

const MARK = 'lockstep-look'
