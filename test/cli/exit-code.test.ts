import { describe, expect, test } from 'vitest'
import { exitCodeOf } from '../../engine/cli/exit-code.ts'
import type { HostSummary, Mode, Status } from '../../engine/report/event.ts'
import { type Finding, statuses } from '../../engine/report/status.ts'

function host(counts: Partial<Record<Status, number>>, rest: Partial<HostSummary> = {}): HostSummary {
  const none = Object.fromEntries(statuses.map((status) => [status, 0])) as Record<Status, number>
  return { counts: { ...none, ...counts }, rounds: 1, bytesSent: 0, bytesReceived: 0, owed: [], ...rest }
}

describe('the exit code', () => {
  test.each<[string, Mode, HostSummary[], number]>([
    ['of a run without hosts', 'run', [], 0],
    ['of a run that changed things', 'run', [host({ changed: 3, ok: 1 })], 0],
    ['of a check without drift', 'check', [host({ ok: 4, skipped: 1 })], 0],
    ['of a check with drift', 'check', [host({}), host({ changed: 1 })], 2],
    ['of a check with what is known after apply', 'check', [host({ 'known-after-apply': 1 })], 2],
    ['of a check with a command that would run', 'check', [host({ 'would-run': 1 })], 0],
    ['of a check with a handler that is owed', 'check', [host({}, { owed: ['reload'] })], 2],
    ['of a check that saw all it was allowed to', 'check', [host({ 'not-visible': 1, ok: 1 })], 2],
    ['of a failure that was rescued', 'run', [host({ failed: 1 })], 0],
    ['of a failed host', 'run', [host({ failed: 1 }, { lost: 'failed' }), host({ ok: 1 })], 3],
    [
      'of an unreachable host beside a failed one',
      'run',
      [host({}, { lost: 'unreachable' }), host({}, { lost: 'failed' })],
      4,
    ],
    ['of a host that is locked', 'run', [host({}, { lost: 'locked' }), host({}, { lost: 'unreachable' })], 5],
    [
      'of a host that is not as in the plan',
      'run',
      [host({ failed: 1 }, { lost: 'refused' }), host({ changed: 1 })],
      5,
    ],
  ])('%s', (_title, mode, hosts, code) => {
    const summary = {
      hosts: Object.fromEntries(hosts.map((one, at) => [`h${at}`, one])),
      elapsedMs: 1,
      interrupted: false,
    }
    expect(exitCodeOf(summary, mode)).toBe(code)
    expect(exitCodeOf({ ...summary, interrupted: true }, mode)).toBe(130)
  })

  test.each<[Finding[], Partial<Record<Status, number>>, number]>([
    [['drift'], { 'may-run': 1, deferred: 1, 'not-visible': 1 }, 0],
    [['may'], { 'may-run': 1 }, 2],
    [['may'], { deferred: 1 }, 2],
    [['may'], { 'would-run': 1 }, 2],
    [['may'], { changed: 1 }, 0],
    [['not-visible'], { 'not-visible': 1 }, 2],
    [['not-visible'], { changed: 1 }, 0],
    [['drift', 'not-visible'], { changed: 1 }, 2],
    [[], { changed: 1, 'may-run': 1, 'not-visible': 1 }, 0],
  ])('of a check with --fail-on %j that found %j is %i', (failOn, counts, code) => {
    const summary = { hosts: { h: host(counts) }, elapsedMs: 1, interrupted: false }
    expect(exitCodeOf(summary, 'check', failOn)).toBe(code)
    expect(exitCodeOf(summary, 'run', failOn)).toBe(0)
  })
})
