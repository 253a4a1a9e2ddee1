import { describe, expect, test } from 'vitest'
import { acts, type PlaybookRun, runText } from './playbook-run.ts'

const FOUR = 'web: { hosts: { a: , b: , c: , d: } }\n'

/** What was done, without what was skipped, and why the play was stopped. */
async function did(playbook: string, given: PlaybookRun = {}): Promise<{ lines: string[]; stopped: string[] }> {
  const { lines, events } = await runText(playbook, given)
  const stopped = events.flatMap((event) => (event.type === 'play-finished' && event.stopped ? [event.stopped] : []))
  return { lines: lines.filter((line) => !line.endsWith(': skipped')), stopped }
}

/** A play with these keywords in which host b fails; with a block around, another task behind it, and another play. */
function playWith(play: string, { block = '', task = '', rescue = false } = {}): string {
  return `
- hosts: web
${play.replace(/^(?=.)/gm, '  ')}
  tasks:
    - block:
        - name: work
          shell: '[ {{inventory_hostname}} != b ]'
          notify: tell
${task.replace(/^(?=.)/gm, '          ')}
        - { name: rest, debug: x }
      always: [{ name: always, debug: x }]
${rescue ? '      rescue: [{ name: rescue, debug: x }]' : ''}
${block.replace(/^(?=.)/gm, '      ')}
    - { name: after, debug: x }
  handlers:
    - { name: tell, debug: x }
- hosts: web
  tasks: [{ name: next play, debug: x }]
`
}

const STOPPED = ['a work: changed', 'b work: failed', 'c work: changed', 'a always: ok', 'b always: ok', 'c always: ok']

describe('any_errors_fatal', () => {
  test.each([
    ['the play', playWith('any_errors_fatal: true')],
    ['the block', playWith('', { block: 'any_errors_fatal: true' })],
    ['the task', playWith('', { task: 'any_errors_fatal: true' })],
  ])('on %s ends the run for all when one host fails, after what its blocks always do', async (_, playbook) => {
    expect(await did(playbook)).toEqual({
      lines: STOPPED,
      stopped: ["b failed, and any_errors_fatal holds for 'work'"],
    })
  })

  test('is nothing to a failure that is ignored', async () => {
    const { lines, stopped } = await did(playWith('any_errors_fatal: true', { task: 'ignore_errors: true' }))
    expect(lines).toContain('b work: failed, ignored')
    expect(lines).toContain('b next play: ok')
    expect(stopped).toEqual([])
  })

  test('is nothing to a failure that a rescue takes care of', async () => {
    const { lines, stopped } = await did(playWith('any_errors_fatal: true', { rescue: true }))
    expect(lines).toContain('b rescue: ok')
    expect(lines).toContain('c next play: ok')
    expect(stopped).toEqual([])
  })

  test('on the task says nothing of the tasks after it', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: first, debug: x, any_errors_fatal: true }
    - { name: boom, fail: no, when: inventory_hostname == "b" }
    - { name: after, debug: x }
`
    expect((await did(playbook)).lines).toEqual([
      'a first: ok',
      'b first: ok',
      'c first: ok',
      'b boom: failed',
      'a after: ok',
      'c after: ok',
    ])
  })

  test('may be switched off inside', async () => {
    const { stopped } = await did(playWith('any_errors_fatal: true', { block: 'any_errors_fatal: false' }))
    expect(stopped).toEqual([])
  })

  test('on the play counts a host that cannot be reached', async () => {
    expect(await did('- hosts: web\n  any_errors_fatal: true\n  tasks: [{ debug: x }]\n', { gone: ['c'] })).toEqual({
      lines: ['c connect: unreachable'],
      stopped: ['c failed, and any_errors_fatal holds for the play'],
    })
  })
})

describe('max_failures', () => {
  const roll = (max: string, gone: string[] = []) =>
    did(
      `- hosts: web\n  serial: 1\n${max}  tasks:\n    - { name: work, shell: '[ {{inventory_hostname}} != b ]' }\n- hosts: web\n  tasks: [{ name: next play, debug: x }]\n`,
      { hosts: FOUR, gone },
    )

  test('of zero stops the roll at the first host that is lost, and the plays after it', async () => {
    expect(await roll('  max_failures: 0\n')).toEqual({
      lines: ['a work: changed', 'b work: failed'],
      stopped: ['1 of 4 hosts were lost, and max_failures is 0'],
    })
  })

  test('of one bears one, over all batches, and counts who cannot be reached', async () => {
    const one = await roll('  max_failures: 1\n')
    expect(one.lines).toContain('d work: changed')
    expect(one.stopped).toEqual([])
    expect(await roll('  max_failures: 1\n', ['c'])).toEqual({
      lines: ['a work: changed', 'b work: failed', 'c connect: unreachable'],
      stopped: ['2 of 4 hosts were lost, and max_failures is 1'],
    })
  })

  test.each([
    ['25%', []],
    ['24%', ['1 of 4 hosts were lost, and max_failures is 0']],
    ['100%', []],
  ])('may be a share of all hosts of the roll: %s', async (share, stopped) => {
    expect((await roll(`  max_failures: ${share}\n`)).stopped).toEqual(stopped)
  })

  test.each([
    [25, []],
    [20, ['1 of 4 hosts were lost, and max_failures is 0']],
    [0, ['1 of 4 hosts were lost, and max_failures is 0']],
  ])('is max_fail_percentage by another name: %i', async (percent, stopped) => {
    expect((await roll(`  max_fail_percentage: ${percent}\n`)).stopped).toEqual(stopped)
  })

  test('that is not given stops a roll when every host of a batch is lost, as in Ansible', async () => {
    expect(await roll('')).toEqual({
      lines: ['a work: changed', 'b work: failed'],
      stopped: ['every host of a batch was lost: b'],
    })
    const pairs = `- hosts: web\n  serial: 2\n  tasks:\n    - { name: work, shell: '[ {{inventory_hostname}} != b ]' }\n`
    expect((await did(pairs, { hosts: FOUR })).lines).toContain('d work: changed')
  })

  test.each([
    [
      'a block',
      `    - { serial: 1, max_failures: 0, block: [{ name: work, shell: '[ {{inventory_hostname}} != b ]' }] }`,
    ],
    ['a task', `    - { serial: 1, max_failures: 0, name: work, shell: '[ {{inventory_hostname}} != b ]' }`],
  ])('on %s stops the play there', async (_, work) => {
    const playbook = `- hosts: web\n  tasks:\n    - { name: before, debug: x }\n${work}\n    - { name: after, debug: x }\n`
    expect(await did(playbook, { hosts: FOUR })).toEqual({
      lines: ['a before: ok', 'b before: ok', 'c before: ok', 'd before: ok', 'a work: changed', 'b work: failed'],
      stopped: ['1 of 4 hosts were lost, and max_failures is 0'],
    })
  })

  test('on a block counts only what is lost in it', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: boom, fail: no, when: inventory_hostname == "a" }
    - serial: 1
      max_failures: 0
      block: [{ name: work, debug: x }]
`
    expect((await did(playbook, { hosts: FOUR })).lines).toEqual([
      'a boom: failed',
      'b work: ok',
      'c work: ok',
      'd work: ok',
    ])
  })

  test('on a handler stops the roll of the handler', async () => {
    const playbook = `
- hosts: web
  tasks: [{ name: change, shell: ":", notify: restart }]
  handlers:
    - { name: restart, serial: 1, max_failures: 0, shell: '[ {{inventory_hostname}} != b ]' }
`
    const { lines, stopped } = await did(playbook, { hosts: FOUR })
    expect(lines.slice(4)).toEqual(['a restart: changed', 'b restart: failed'])
    expect(stopped).toEqual(['1 of 4 hosts were lost, and max_failures is 0'])
  })

  test('leaves the handlers of a stopped play owed', async () => {
    const { summary } = await runText(playWith('max_failures: 0'))
    expect(Object.entries(summary.hosts).map(([name, { owed }]) => [name, owed])).toEqual([
      ['a', ['tell']],
      ['b', []],
      ['c', ['tell']],
    ])
  })
})

describe('run_once', () => {
  test('is once a play, not once a batch, and its result is everyone’s', async () => {
    const playbook = `
- hosts: web
  serial: 1
  tasks:
    - { name: ask, shell: "echo {{inventory_hostname}}", run_once: true, register: leader }
    - { name: act, debug: x, loop: ["{{leader.stdout}}"] }
`
    expect((await did(playbook)).lines).toEqual(['a ask: changed', 'a act [a]: ok', 'b act [a]: ok', 'c act [a]: ok'])
  })

  test('is once a play when each host goes its own pace', async () => {
    const playbook = `
- hosts: web
  strategy: free
  tasks:
    - { name: ask, shell: "echo {{inventory_hostname}}", run_once: true, register: leader }
    - { name: act, debug: x, loop: ["{{leader.stdout}}"] }
`
    const { lines } = await did(playbook)
    const [asked = '', ...more] = lines.filter((line) => line.includes(' ask'))
    expect([asked, more]).toEqual([expect.stringMatching(/^[abc] ask: changed$/), []])
    expect(lines.filter((line) => line.includes(` act [${asked[0]}]: ok`))).toHaveLength(3)
  })

  test('that fails throws out all hosts, those of later batches as well', async () => {
    const playbook = `
- hosts: web
  serial: 2
  max_failures: 3
  tasks:
    - { name: ask, fail: no, run_once: true }
    - { name: rest, debug: x }
- hosts: web
  tasks: [{ name: next play, debug: x }]
`
    const { lines } = await did(playbook)
    expect(lines).toEqual(['a ask: failed'])
  })

  test('that fails in a block with a rescue is rescued on all hosts', async () => {
    const playbook = `
- hosts: web
  tasks:
    - block:
        - { name: ask, fail: no, run_once: true }
        - { name: rest, debug: x }
      rescue: [{ name: rescue, debug: x }]
    - { name: after, debug: x }
`
    expect((await did(playbook)).lines).toEqual([
      'a ask: failed, rescued',
      'a rescue: ok',
      'b rescue: ok',
      'c rescue: ok',
      'a after: ok',
      'b after: ok',
      'c after: ok',
    ])
  })

  test('whose failure is ignored goes on everywhere', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: ask, fail: no, run_once: true, ignore_errors: true }
    - { name: after, debug: x }
`
    expect((await did(playbook)).lines).toEqual(['a ask: failed, ignored', 'a after: ok', 'b after: ok', 'c after: ok'])
  })

  test('is done by the first host that can be reached, and by its condition', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: ask, debug: x, run_once: true }
    - { name: not, debug: x, run_once: true, when: inventory_hostname == "c" }
`
    const { lines } = await runText(playbook, { gone: ['a'] })
    expect(lines).toEqual(['a connect: unreachable', 'b ask: ok', 'b not: skipped'])
  })

  test('with delegate_to is done by that host, once', async () => {
    const rounds: string[] = []
    const playbook = `
- hosts: web
  tasks:
    - { name: ask, shell: ":", run_once: true, delegate_to: c }
`
    const { lines } = await runText(playbook, {
      round: (host, work) => (trip) => {
        if (acts(trip)) rounds.push(host)
        return work(trip)
      },
    })
    expect(lines).toEqual(['a ask: changed'])
    expect(rounds).toEqual(['c'])
  })
})
