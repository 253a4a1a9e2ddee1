import { randomUUID } from 'node:crypto'
import { Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { parseAnswers } from '../curl.ts'
import { addressOf, apiArgs, askConsul, complaintOf, jsonOf, secondsOf } from './consul-api.ts'

const FOLDER = 'lockstep/canary/'
const RIGHT = `key:write on ${FOLDER}`
const Pairs = Type.Array(Type.Object({ Key: Type.String(), Value: Type.Union([Type.String(), Type.Null()]) }), {
  minItems: 1,
  maxItems: 1,
})
const Done = Type.Literal(true)

/** One write through a member of Consul, read back from the leader and taken away again: not tried twice. */
export const consulCanary = defineAction({
  name: 'consul-canary',
  summary: 'A write through this Consul member, read back and deleted; never a change, and left out by check mode.',
  args: Arg.object(apiArgs),
  examples: [
    `- consul-canary: {}
- consul-canary: { http_addr: "http://localhost:8500", timeout: 5 }
`,
  ],
  looks: true,
  // It leaves nothing, and still it writes: a check is a promise not to.
  onlyRuns: true,

  decide: (want) => ({ due: true, what: `writes, reads and deletes a key through ${addressOf(want)}` }),

  run(want) {
    // What is written is the key itself, so that the answer alone tells whether it is what was written.
    const key = `${FOLDER}${randomUUID()}`
    const requests = [
      { path: `kv/${key}`, method: 'PUT', body: key },
      { path: `kv/${key}?consistent` },
      { path: `kv/${key}`, method: 'DELETE' },
    ] as const
    // Deleted even when nothing was answered: a write that failed may have been made all the same.
    return askConsul(want, requests, false)
  },

  terse: true,

  seconds: (want) => 3 * secondsOf(want) + 5,

  conclude(want, outcome) {
    const [written, read, deleted] = parseAnswers(outcome.stdout).answers
    const [pair] = jsonOf(Pairs, read) ?? []
    const isRead = pair?.Key.startsWith(FOLDER) === true && pair.Value === base64(pair.Key)
    const steps = [
      { what: 'written', complaint: complaintOf(written, outcome, RIGHT), holds: jsonOf(Done, written) === true },
      { what: 'read back', complaint: complaintOf(read, outcome, RIGHT), holds: isRead },
      { what: 'deleted', complaint: complaintOf(deleted, outcome, RIGHT), holds: jsonOf(Done, deleted) === true },
    ]
    const broken = steps.find(({ complaint, holds }) => complaint !== undefined || !holds)
    if (!broken)
      return { changed: false, result: { passed: true, verdict: `a write through ${addressOf(want)} holds` } }
    const why = broken.complaint ?? 'it answered something else than was written'
    const verdict = `a key could not be ${broken.what} through ${addressOf(want)}: ${why}`
    return { changed: false, failure: verdict, result: { passed: false, verdict } }
  },
})

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
