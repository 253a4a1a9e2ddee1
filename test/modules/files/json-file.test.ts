import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { Secret } from '../../../engine/resource/secret.ts'
import { jsonFile } from '../../../modules/files/json-file.ts'
import fc from '../../property.ts'

type Want = Parameters<typeof jsonFile.plan>[0]

const parent: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }

function plan(want: Partial<Want>, file: FileState) {
  return jsonFile.plan({ path: '/etc/x', ...want } as Want, { file, parent, accounts: [], groups: [], rest: [] })
}

/** The text that follows, or `same`. */
function edited(want: Partial<Want>, text: string): string {
  const [change] = plan(want, fileOf(text, { mode: 0o644 })).changes
  return change ? String(change.to) : 'same'
}

describe('keys of a JSON file', () => {
  test.each<{ title: string; want: Partial<Want>; text: string; expected: string }>([
    { title: 'that are there', want: { merge: { a: 1 } }, text: '{"a": 1}', expected: 'same' },
    {
      title: 'that are zero, false, empty and null',
      want: { merge: { a: 0, b: false, c: '', d: null } },
      text: '{"a":0,"b":false,"c":"","d":null}',
      expected: 'same',
    },
    {
      title: 'that are equal in another spelling',
      want: { merge: { a: 1, b: 'é' } },
      text: '{"a":1.0,"b":"\\u00e9"}',
      expected: 'same',
    },
    {
      title: 'in another order',
      want: { merge: { o: { b: 2, a: 1 } } },
      text: '{"o":{"a":1,"b":2}}',
      expected: 'same',
    },
    { title: 'of nothing', want: { merge: {} }, text: '{"a":1}', expected: 'same' },
    { title: 'with another value', want: { merge: { a: 2 } }, text: '{"a":  1, "b":1}', expected: '{"a":  2, "b":1}' },
    { title: 'from zero', want: { merge: { a: 1 } }, text: '{"a":0}', expected: '{"a":1}' },
    { title: 'to null, which is a value', want: { merge: { a: null } }, text: '{"a":0}', expected: '{"a":null}' },
    { title: 'in an empty object', want: { merge: { a: 1 } }, text: '{}\n', expected: '{\n  "a": 1\n}\n' },
    { title: 'in an empty file', want: { merge: { a: 1 } }, text: '', expected: '{\n  "a": 1\n}\n' },
    { title: 'added on one line', want: { merge: { b: [1] } }, text: '{"a":1}', expected: '{"a":1, "b": [1]}' },
    {
      title: 'added with the indentation that is there',
      want: { merge: { b: { c: 1 } } },
      text: '{\n\t"a": 1\n}',
      expected: '{\n\t"a": 1,\n\t"b": {\n\t\t"c": 1\n\t}\n}',
    },
    {
      title: 'added deep',
      want: { merge: { o: { p: { b: 1 } } } },
      text: '{\n  "o": {\n    "p": {\n      "a": [1, 2]\n    }\n  }\n}\n',
      expected: '{\n  "o": {\n    "p": {\n      "a": [1, 2],\n      "b": 1\n    }\n  }\n}\n',
    },
    {
      title: 'added to an empty object inside',
      want: { merge: { o: { b: 1 } } },
      text: '{\n  "o": {}\n}\n',
      expected: '{\n  "o": {\n    "b": 1\n  }\n}\n',
    },
    {
      title: 'that turn a value into an object',
      want: { merge: { a: { b: {} } } },
      text: '{"a":null}',
      expected: '{"a":{"b":{}}}',
    },
    {
      title: 'with DOS lines',
      want: { merge: { b: 1 } },
      text: '{\r\n  "a": 1\r\n}\r\n',
      expected: '{\r\n  "a": 1,\r\n  "b": 1\r\n}\r\n',
    },
    {
      title: 'beside numbers that no number can hold',
      want: { merge: { b: 1 } },
      text: '{"a":12345678901234567890.10, "b":0}',
      expected: '{"a":12345678901234567890.10, "b":1}',
    },
    {
      title: 'beside comments',
      want: { merge: { b: 1 } },
      text: '{ // why\n  "b": 0 /* old */\n}',
      expected: '{ // why\n  "b": 1 /* old */\n}',
    },
    { title: 'of a strange name', want: { merge: { 'a/b~"': 1 } }, text: '{"a/b~\\"": 0}', expected: '{"a/b~\\"": 1}' },
    {
      title: 'that stand there twice: the last counts',
      want: { merge: { a: 2 } },
      text: '{"a":1,"a":1}',
      expected: '{"a":1,"a":2}',
    },
    { title: 'removed', want: { remove: ['/a'] }, text: '{"a":1,"b":2}', expected: '{"b":2}' },
    {
      title: 'removed at the end',
      want: { remove: ['/b'] },
      text: '{\n  "a": 1,\n  "b": 2\n}',
      expected: '{\n  "a": 1\n}',
    },
    { title: 'removed altogether', want: { remove: ['/o/a'] }, text: '{"o":{ "a":1 }}', expected: '{"o":{}}' },
    {
      title: 'removed though they stand there twice',
      want: { remove: ['/a'] },
      text: '{"a":1,"b":2,"a":3}',
      expected: '{"b":2}',
    },
    {
      title: 'removed, of a strange name',
      want: { remove: ['/a~1b~0'] },
      text: '{"a/b~":1,"b":2}',
      expected: '{"b":2}',
    },
    { title: 'that never were', want: { remove: ['/x', '/o/x', '/a/x'] }, text: '{"a":1,"o":{}}', expected: 'same' },
  ])('$title', ({ want, text, expected }) => {
    const after = edited(want, text)
    expect(after).toBe(expected)
    if (after !== 'same') expect(edited(want, after)).toBe('same')
  })
})

test('a list is replaced as a whole, indented as its file is', () => {
  expect(edited({ merge: { o: { a: [1, 2] } } }, '{\n    "o": {\n        "a": [ 1 ]\n    }\n}\n')).toBe(
    '{\n    "o": {\n        "a": [\n            1,\n            2\n        ]\n    }\n}\n',
  )
})

test('a key called __proto__ is a key like any other', () => {
  const merge = JSON.parse('{"__proto__": {"a": 1}}')
  const after = edited({ merge }, '{}')
  expect(after).toBe('{\n  "__proto__": {\n    "a": 1\n  }\n}')
  expect(edited({ merge }, after)).toBe('same')
  expect({}).not.toHaveProperty('a')
})

test('a secret anywhere inside hides the whole difference, and reaches the file', () => {
  const merge = { db: { list: [new Secret('hunter2')] } }
  const [change] = plan({ merge }, fileOf('{}', { mode: 0o600 })).changes
  expect(change).toMatchObject({ secret: true })
  expect(JSON.stringify(change)).not.toContain('hunter2')
  expect(change?.to instanceof Secret && change.to.reveal()).toContain('"hunter2"')
  const { state } = plan({ merge }, fileOf('{}', { mode: 0o600 })).after?.[0] ?? {}
  expect(plan({ merge }, state as FileState).changes).toEqual([])
})

test.each([
  ['{"a":', 'is not a JSON object: ValueExpected in line 1'],
  ['{\n"a": 1\n"b": 2}', 'is not a JSON object: CommaExpected in line 3'],
  ['[1]', 'is not a JSON object: it does not hold an object'],
  ['"text"', 'is not a JSON object: it does not hold an object'],
])('what is no JSON object is left alone: %s', (text, message) => {
  expect(() => edited({ merge: { a: 1 } }, text)).toThrow(`/etc/x ${message}`)
})

test('a file that is absent is created when that is asked for, and is a failure otherwise', () => {
  expect(plan({ merge: { a: 1 }, create: true }, ABSENT).changes).toMatchObject([
    { from: undefined, to: '{\n  "a": 1\n}\n' },
  ])
  expect(() => plan({ merge: { a: 1 } }, ABSENT)).toThrow('the file /etc/x does not exist')
  expect(plan({ remove: ['/a'] }, ABSENT).changes).toEqual([])
})

test('after a merge the file holds what was merged and keeps the rest', () => {
  const merged = (have: unknown, want: unknown): unknown => {
    if (!isObject(have) || !isObject(want)) return want
    const parts = Object.entries(want).map(([key, value]) => [key, key in have ? merged(have[key], value) : value])
    return { ...have, ...Object.fromEntries(parts) }
  }
  const key = fc.constantFrom('a', 'b', 'c', '')
  const leaf = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer(), { maxLength: 2 }),
  )
  const tree = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof({ depthSize: 'small' }, leaf, fc.dictionary(key, tie('node'), { maxKeys: 3 })),
  })).node
  const object = fc.dictionary(key, tree, { maxKeys: 3 })
  fc.assert(
    fc.property(object, object, fc.constantFrom(undefined, 2, '\t'), (have, want, indent) => {
      const text = JSON.stringify(have, null, indent)
      const after = edited({ merge: want as never }, text)
      expect(JSON.parse(after === 'same' ? text : after)).toEqual(JSON.parse(JSON.stringify(merged(have, want))))
      if (after !== 'same') expect(edited({ merge: want as never }, after)).toBe('same')
    }),
  )
})

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
