import { describe, expect, test } from 'vitest'
import { compile } from '../../engine/language/compile.ts'
import { loadInventory } from '../../engine/language/inventory.ts'
import { actions, modules } from '../../modules/index.ts'
import { type Case, cases, filesBeside, placeOf, playbookText, taskNamed } from '../lab/exactness/case.ts'
import { covering } from '../lab/exactness/covering.ts'
import { smallerCases, smallest } from '../lab/exactness/shrink.ts'
import { isSteady } from '../lab/exactness/steady.ts'
import { tasksOf, undrawn } from '../lab/exactness/tasks.ts'
import { files, inventoryText } from '../lab/play.ts'
import fc from '../property.ts'

const drawn = fc.sample(cases(2), { seed: 3, numRuns: 100 })
const few = { hosts: 1, goesOn: true, split: 0, serial: 0, before: [[]], between: [[]] }

describe('random playbooks', () => {
  test('call every module and action that there is, but for the few that say why not', () => {
    const named = [...modules, ...actions].map(({ name }) => name)
    expect(Object.keys(undrawn).filter((name) => !named.includes(name))).toEqual([])
    const all = named.filter((name) => undrawn[name] === undefined)
    expect(Object.keys(tasksOf).sort()).toEqual(all.sort())
    const texts = drawn.map(playbookText).join('\n')
    expect(all.filter((name) => !texts.includes(` ${name}:`))).toEqual([])
  })

  test.each([
    ...['delegate_to', 'run_once', 'serial', 'throttle', 'no_log', 'check_mode', 'become_user', 'register', 'when'],
    ...['loop', 'notify', 'listen', 'block', 'rescue', 'always', 'ignore_errors', 'meta'],
  ])('say %s somewhere', (keyword) => {
    expect(drawn.some((one) => playbookText(one).includes(` ${keyword}:`))).toBe(true)
  })

  test('are legal', () => {
    const illegal = drawn.flatMap((one) => {
      using at = files({
        ...filesBeside,
        'play.yml': playbookText(one),
        'inventory.yml': inventoryText({ a: { address: '10.0.0.1' }, b: { address: '10.0.0.2' } }),
      })
      try {
        compile({
          playbookPath: at.path('play.yml'),
          inventory: loadInventory([at.path('inventory.yml')], { extraVars: {} }),
          limit: undefined,
          tags: [],
          skipTags: [],
          extraVars: {},
          registry: { modules, actions },
          checkMode: true,
        })
        return []
      } catch (error) {
        return [String(error)]
      }
    })
    expect(illegal).toEqual([])
  })
})

test.each([
  { title: 'one task', tasks: [{ copy: { dest: '/f', content: '' } }], steady: true },
  {
    title: 'the same task twice',
    tasks: [{ group: { name: 'g' } }, { group: { name: 'g' }, when: 'r.changed' }],
    steady: true,
  },
  {
    title: 'two contents of one file',
    tasks: [{ copy: { dest: '/f', content: '' } }, { template: { dest: '/f', src: 't' } }],
    steady: false,
  },
  {
    title: 'a folder that goes and a file in it',
    tasks: [{ file: { path: '/d', state: 'absent' } }, { copy: { dest: '/d/f', content: '' } }],
    steady: false,
  },
  {
    title: 'a unit that is stopped and restarted',
    tasks: [{ systemd: { name: 'a', state: 'stopped' } }, { restart: 'a' }],
    steady: false,
  },
  {
    title: 'what comes only when nothing else did',
    tasks: [{ group: { name: 'g' }, when: '!r.changed' }],
    steady: false,
  },
])('$title: steady is $steady', ({ tasks, steady }) => {
  expect(isSteady(tasks)).toBe(steady)
})

test('a few cases cover modules as often as all of them do', () => {
  const numbered = [
    { ...few, tasks: [{ copy: { dest: '/a', content: 'ufw:' } }] },
    { ...few, tasks: [{ copy: { dest: '/a', content: '' } }, { ufw: { enabled: true } }] },
    { ...few, tasks: [{ debug: 'x' }] },
  ].map((one, index) => ({ one, index }))
  expect(covering(numbered, ['copy', 'ufw'], 1).map(({ index }) => index)).toEqual([1])
  expect(covering(numbered, ['copy', 'ufw'], 9).map(({ index }) => index)).toEqual([1, 0])
  expect(covering(numbered, ['fail'], 1)).toEqual([])
})

test('a name tells where its task stands', () => {
  const inner = { copy: { dest: '/f', content: '' } }
  const one: Case = { ...few, tasks: [{ block: [{ fail: 'x' }], rescue: [inner] }] }
  expect(placeOf('t0r0 copy')).toEqual({ number: 0, section: 'r', isHandler: false })
  expect(placeOf('stamp').isHandler).toBe(true)
  expect(taskNamed(one, 't0r0 copy')).toEqual(inner)
  expect(taskNamed(one, 'stamp')).toBeUndefined()
})

describe('a failing case', () => {
  const never = () => false
  const large: Case = {
    ...few,
    hosts: 2,
    split: 3,
    tasks: [
      { group: { name: 'a' } },
      { user: { name: '{{item}}', shell: '/bin/sh' }, loop: ['u', 'v', 'w'], register: 'r' },
      {
        block: [{ group: { name: 'b' } }, { file: { path: '/d', mode: '0700' }, when: 'true' }],
        rescue: [{ fail: 'x' }],
      },
      { debug: 'end' },
    ],
    before: [['one', 'two', 'three'], ['four']],
    between: [['five'], []],
  }

  test('shrinks to the tasks, items, arguments and damage that it takes', async () => {
    const fails = async (one: Case) => {
      const text = JSON.stringify(one)
      return text.includes('"v"') && text.includes('/d') && text.includes('two')
    }
    expect(await smallest(large, fails, never)).toEqual({
      ...few,
      tasks: [{ user: {}, loop: ['v'] }, { file: { path: '/d' } }],
      before: [['two'], []],
      between: [[], []],
    })
  })

  test('stays as it is when nothing smaller fails, and when it is late', async () => {
    expect(await smallest(large, async () => false, never)).toBe(large)
    expect(
      await smallest(
        large,
        async () => true,
        () => true,
      ),
    ).toBe(large)
  })

  test('is never tried without any task', () => {
    expect([...smallerCases({ ...few, tasks: [{ debug: 'x' }] })].map(({ tasks }) => tasks.length)).not.toContain(0)
  })
})
