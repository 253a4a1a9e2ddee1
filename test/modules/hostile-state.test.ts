import { describe, expect, test } from 'vitest'
import type { AnyAction } from '../../engine/resource/action.ts'
import { type AnyModule, TaskFailure } from '../../engine/resource/module.ts'
import { ABSENT, type AnyRead, type FileState, fileOf, NO_CONNECTION } from '../../engine/resource/read.ts'
import { actions, modules } from '../../modules/index.ts'
import { damaged, RUNS } from '../fuzz.ts'
import fc from '../property.ts'
import { type ExampleTask, tasksOf } from './examples.ts'

const TEXTS = [
  '',
  '{"a": {"b": [1, 2]}}\n',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPMCS0n+LkiUfWiRfRisXGnuzE0axEM56+tXjQeXpnYl ann@laptop\n',
  'PermitRootLogin no\nMatch User ann\n  PasswordAuthentication yes\n',
  '*filter\n:ufw-user-input - [0:0]\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp --dport 22 -j ACCEPT\nCOMMIT\n',
  'DEFAULT_INPUT_POLICY="DROP"\nENABLED=yes\n',
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQy\n-----END OPENSSH PRIVATE KEY-----\n',
  '# BEGIN managed by lockstep\nx\n# END managed by lockstep\n',
  'root:x:0:0:root:/root:/bin/sh\n',
]
const text = damaged(TEXTS, [
  '{',
  '}',
  '"',
  'AAAA',
  '-----',
  '\0',
  '### tuple ###',
  '[',
  '99999999999999999999',
  '-1',
  '__proto__',
])
const bytes = fc.oneof(
  text.map((one) => Buffer.from(one)),
  fc.uint8Array({ maxLength: 60 }).map((one) => Buffer.from(one)),
)
const word = fc.oneof(
  fc.constantFrom('', 'root', 'eve', '-x', 'a b', '../..', '__proto__', '\u001b[2J'),
  fc.string({ maxLength: 6 }),
)
const number = fc.constantFrom(-1, 0, 1, 1000, Number.NaN, 2 ** 53)
const owned = { mode: fc.nat(0o7777), owner: word, group: word }
const file: fc.Arbitrary<FileState> = fc.oneof(
  fc.constant(ABSENT),
  fc.record({ type: fc.constantFrom('directory' as const, 'other' as const), size: number, ...owned }),
  fc.record({ type: fc.constant('link' as const), target: word, size: number, ...owned }),
  fc.record({ content: bytes, ...owned }).map(({ content, ...rest }) => fileOf(content, rest)),
)

/** What a host that may say anything answers to a read. */
function answer(read: AnyRead): fc.Arbitrary<unknown> {
  switch (read.kind) {
    case 'file':
      return file
    case 'tree': {
      const entry = fc.record({ path: word, type: fc.constantFrom('file', 'directory', 'link', 'other'), ...owned })
      return fc.record({ entries: fc.array(entry, { maxLength: 3 }) })
    }
    case 'unit':
      return fc.record({
        ...{ load: word, active: word, sub: word, enabled: word, needsReload: fc.boolean(), fragment: word },
        ...{ dropIns: fc.array(word, { maxLength: 2 }), mainPid: number, activeSince: number },
      })
    case 'account':
      return fc.record({
        ...{ present: fc.boolean(), uid: number, gid: number, group: word, comment: word, home: word, shell: word },
        ...{ groups: fc.array(word, { maxLength: 2 }), passwordHash: word },
      })
    case 'group':
      return fc.record({ present: fc.boolean(), gid: number, members: fc.array(word, { maxLength: 2 }) })
    case 'package':
      return fc.record({ installed: fc.boolean(), version: word, held: fc.boolean(), candidate: word })
    case 'connection':
      return fc.constant(NO_CONNECTION)
    case 'raw':
      return fc.record({ code: fc.nat(255), stdout: bytes, stderr: bytes })
  }
}

/** Answers to all reads of a task, by their names in the module. */
function answers({ call, args }: ExampleTask): fc.Arbitrary<Record<string, unknown>> {
  const reads: Record<string, AnyRead | readonly AnyRead[]> = call.reads?.(args) ?? {}
  return fc.record(
    Object.fromEntries(
      Object.entries(reads).map(([name, read]) => [name, 'key' in read ? answer(read) : fc.tuple(...read.map(answer))]),
    ),
  )
}

describe('whatever a host holds, a task is planned or says why not', () => {
  test.each([...modules, ...actions].map((call: AnyModule | AnyAction) => [call.name, call] as const))(
    '%s',
    (_name, call) => {
      const tasks = call.examples.flatMap(tasksOf).filter((task) => task.call === call)
      expect(tasks.length).toBeGreaterThan(0)
      for (const task of tasks) {
        fc.assert(
          fc.property(answers(task), (seen) => {
            try {
              plan(task, seen)
            } catch (error) {
              if (!(error instanceof TaskFailure) || error.message === '') throw error
            }
          }),
          { numRuns: Math.ceil((2 * RUNS) / tasks.length) },
        )
      }
    },
  )
})

function plan({ call, args }: ExampleTask, seen: Record<string, unknown>): void {
  if ('plan' in call) {
    const { changes } = call.plan(args, call.state ? call.state(seen, args) : seen)
    for (const change of changes) call.apply[change.kind]?.(change, args)
  } else if (call.decide(args, seen).due) call.run?.(args)
}
