import { describe, expect, test } from 'vitest'
import { parseCel } from '../../engine/language/cel.ts'
import { type Names, TextFailure } from '../../engine/language/names.ts'
import { lazyMap } from '../../engine/language/view.ts'
import { HIDDEN, Secret } from '../../engine/resource/secret.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import type { Value, ValueMap } from '../../engine/resource/value.ts'

function namesOf(values: ValueMap): Names {
  return {
    get: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
    hint: () => undefined,
    file: (path) => `text of ${path}\n`,
  }
}

function value(text: string, values: ValueMap = {}): Value {
  return parseCel(text).evaluate(namesOf(values))
}

/** `CODE: sentence @start-end ? hint` of what is wrong with an expression. */
function failure(text: string, values: ValueMap = {}): string {
  try {
    return `no failure: ${JSON.stringify(value(text, values))}`
  } catch (error) {
    if (!(error instanceof TextFailure)) throw error
    return `${error.code}: ${error.message} @${error.start}-${error.end}${error.hint === undefined ? '' : ` ? ${error.hint}`}`
  }
}

describe('an expression', () => {
  const x = {
    n: 3,
    zero: 0,
    text: 'a b',
    list: [2, 1, 2],
    map: { k: 1, list: [] },
    none: null,
    yes: true,
    type: 'variables ',
    int: 5,
  }
  test.each<[string, Value]>([
    ['n + 1', 4],
    ['n - 5', -2],
    ['n * 2.5', 7.5],
    ['n / 2', 1.5],
    ['n % 2 == 1', true],
    ['7 / 2', 3],
    ['1 == 1.0', true],
    ['zero == 0', true],
    ['-n', -3],
    ['"v" + n + "." + zero', 'v3.0'],
    ['n > 2 && text != ""', true],
    ['n in list', false],
    ['2 in list', true],
    ['"k" in map', true],
    ['none == null', true],
    ['n == null', false],
    ['text == "a b"', true],
    ['n == "3"', false],
    ['map.k', 1],
    ['map["k"]', 1],
    ['list[0]', 2],
    ['map.list', []],
    ['size(list)', 3],
    ['size(list) + n', 6],
    ['yes ? text : "no"', 'a b'],
    ['list.map(i, i * 2)', [4, 2, 4]],
    ['list.filter(i, i > 1).size()', 2],
    ['list.all(i, i > 0) && list.exists(i, i == 1)', true],
    ['[1, "a", n]', [1, 'a', 3]],
    ['{"a": n, "b": {"c": list}}', { a: 3, b: { c: [2, 1, 2] } }],
    ['has(map.k) && !has(map.z)', true],
    ['default(map.z.y, n)', 3],
    ['default(nope, "d")', 'd'],
    ['default(list[9], 0)', 0],
    ['map.z.default("d")', 'd'],
    ['default(zero, 1)', 0],
    ['default(none, 1)', null],
    ['defined(nope) || defined(map.k)', true],
    ['map.?z.orValue(1)', 1],
    ['cel.bind(m, n + 1, m * m)', 16],
    ['list.sort()', [1, 2, 2]],
    ['list.unique().reverse()', [1, 2]],
    ['text.split()', ['a', 'b']],
    ['["x", "y"].join(", ")', 'x, y'],
    ['text.upper().replace("A", "c")', 'c B'],
    ['text.matches("^a")', true],
    ['regex_find("v1.22.3", "v([0-9]+)")', '1'],
    ['range(3)', [0, 1, 2]],
    ['keys(map)', ['k', 'list']],
    ['merge(map, {"k": 2}).k', 2],
    ['[[1], [2, [3]]].flatten()', [1, 2, 3]],
    ['difference([1, 2, 3], [2])', [1, 3]],
    ['[{"a": 1}, {"a": 1}].unique()', [{ a: 1 }]],
    ['["1", 1].unique()', ['1', 1]],
    ['json({"a": [n]})', '{"a":[3]}'],
    ['parse_json("{\\"a\\": 1}").a', 1],
    ['b64decode(b64encode("ü"))', 'ü'],
    ['sha256("")', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['ip_in("10.1.2.3", "10.0.0.0/8")', true],
    ['ip_host("10.10.250.0/24", -2)', '10.10.250.254'],
    ['quote("it\'s")', "'it'\\''s'"],
    ['kind(map) + kind(list) + kind(n)', 'mappinglistnumber'],
    ['type + string(int)', 'variables 5'],
    ['"a" + r"\\n"', 'a\\n'],
  ])('%s', (text, expected) => {
    expect(value(text, x)).toEqual(expected)
  })

  test.each([
    ['', 'EXPRESSION_SYNTAX: an expression is empty @0-0'],
    ['n = 1', 'EXPRESSION_SYNTAX: this is no expression: unexpected character: = @2-3 ? write == to compare'],
    [
      'n is defined',
      "EXPRESSION_SYNTAX: this is no expression: unexpected character: 's' @2-4 ? write defined(name) or !defined(name)",
    ],
    [
      'not yes',
      "EXPRESSION_SYNTAX: this is no expression: unexpected character: 's' @4-7 ? write && for and, || for or, ! for not",
    ],
    [
      'text | upper',
      'EXPRESSION_SYNTAX: this is no expression: unexpected character: | @5-6 ? a filter is a function here: name.upper(), default(name, "x")',
    ],
    [
      '{{ n }}',
      'EXPRESSION_SYNTAX: this is no expression: expected COLON, got RBRACE @5-6 ? an expression has no {{ }}',
    ],
    ['nope', "UNDEFINED_VARIABLE: 'nope' is not defined @0-4"],
    ['yes == True', "UNDEFINED_VARIABLE: 'True' is not defined @7-11 ? write true"],
    ['map.z', "UNDEFINED_VARIABLE: 'map' has no 'z' @4-5 ? say default(…, …) where it may be missing"],
    ['list[7]', "UNDEFINED_VARIABLE: 'list' has no item 7 @0-7 ? say default(…, …) where it may be missing"],
    ['uper(text)', "UNKNOWN_FUNCTION: there is no function 'uper' @0-10 ? did you mean 'upper'?"],
    ['text.uper()', "UNKNOWN_FUNCTION: there is no function 'uper' @0-11 ? did you mean 'upper'?"],
    ['upper(list)', 'WRONG_VALUE: upper takes text, not a list @0-11'],
    ['text.startsWith(1)', 'WRONG_TYPE: startsWith does not take text, a number @0-18'],
    ['text + map', "WRONG_TYPE: '+' does not work between text and a mapping @0-10 ? string(…) makes text of a number"],
    [
      'package',
      "EXPRESSION_SYNTAX: 'package' is a word of the expression language and names no variable there @0-7 ? give the variable another name",
    ],
    ['n / 0', 'WRONG_VALUE: this divides by zero @0-5'],
    ['n && yes', 'WRONG_TYPE: both sides of && and || are true or false, not a number @0-1'],
    ['n ? 1 : 2', 'WRONG_TYPE: a condition is true or false, not a number @0-1'],
    [
      'yes ? "a" : 1',
      'WRONG_TYPE: both sides of ? : must be of one kind @0-13 ? wrap one of them in dyn(…) when they differ on purpose',
    ],
    ['toString', "UNDEFINED_VARIABLE: 'toString' is not defined @0-8"],
    [
      'map.constructor',
      "UNDEFINED_VARIABLE: 'map' has no 'constructor' @4-15 ? say default(…, …) where it may be missing",
    ],
    ['matches("a", "(")', 'WRONG_VALUE: matches: error parsing regexp: missing closing ): `(` @0-17'],
    ['range(10000000)', 'WRONG_VALUE: range makes at most 100000 numbers, and its step is not 0 @0-15'],
  ])('tells what is wrong with %s', (text, expected) => {
    expect(failure(text, x)).toBe(expected)
  })

  test('cannot be hung by a regular expression', () => {
    expect(value('text.matches("^(a+)+$")', { text: `${'a'.repeat(5000)}!` })).toBe(false)
  })

  test('names what it reads, and not what it binds', () => {
    const { names } = parseCel(
      'users.filter(u, u.uid > min).map(u, u.name + suffix) + cel.bind(q, w, [q]) + [default(maybe, 1)]',
    )
    expect([...names]).toEqual(['users', 'min', 'suffix', 'w', 'maybe'])
  })
})

describe('an unknown value', () => {
  const u = new Unknown('why')
  const values = {
    u,
    r: { a: 1, k: u },
    list: [
      { a: 1, k: u },
      { a: 2, k: 3 },
    ],
  }
  test.each([
    ['u', u],
    ['u + 1', u],
    ['u && true', u],
    ['true && u', u],
    ['false && u', false],
    ['u && false', false],
    ['u || true', true],
    ['r.a', 1],
    ['r.k', u],
    ['r', values.r],
    ['[r.a, r.k]', u],
    ['default(u, 1)', u],
    ['defined(u)', u],
    ['has(r.k)', u],
    ['has(r.z)', false],
    ['list.map(i, i.a)', [1, 2]],
    ['list.filter(i, i.a == 1)', [values.list[0]]],
    ['list.exists(i, i.k == 3)', true],
    ['list.all(i, i.k == 3)', u],
    ['size(list)', 2],
    ['json(list)', u],
  ])('in %s', (text, expected) => {
    expect(value(text, values)).toEqual(expected)
  })
})

describe('a secret', () => {
  const values = { s: new Secret('pw'), d: { p: new Secret('pw'), user: 'ann' } }
  test.each([
    ['"a" + s', 'apw'],
    ['d.p', 'pw'],
    ['s.upper()', 'PW'],
    ['json(d)', '{"p":"pw","user":"ann"}'],
  ])('hides %s', (text, revealed) => {
    const hidden = value(text, values)
    expect(String(hidden)).toBe(HIDDEN)
    expect(hidden instanceof Secret && hidden.reveal()).toBe(revealed)
  })

  test.each<[string, Value]>([
    ['d.user', 'ann'],
    ['s == "pw"', true],
    ['size(s)', 2],
  ])('does not hide %s', (text, expected) => {
    expect(value(text, values)).toBe(expected)
  })
})

test('a lazy mapping is read only where it is named', () => {
  const read: string[] = []
  const hostvars = lazyMap(['a', 'b', 'c'], (host) => {
    read.push(host)
    return { ip: `ip of ${host}` }
  })
  expect(value('["a", "b"].map(h, hostvars[h].ip)', { hostvars })).toEqual(['ip of a', 'ip of b'])
  expect(read).toEqual(['a', 'b'])
  expect(value('hostvars.map(h, h)', { hostvars })).toEqual(['a', 'b', 'c'])
  expect(read).toEqual(['a', 'b'])
})
