import { describe, expect, test } from 'vitest'
import { type Names, TextFailure } from '../../engine/language/names.ts'
import { parseTemplate } from '../../engine/language/template.ts'
import { HIDDEN, Secret } from '../../engine/resource/secret.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import type { Value, ValueMap } from '../../engine/resource/value.ts'

function value(text: string, values: ValueMap = {}, options = {}): Value {
  const names: Names = {
    get: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
    hint: () => undefined,
    file: (path) => `text of ${path}\n`,
  }
  return parseTemplate(text, options).evaluate(names)
}

/** `CODE: sentence @the text that is marked ? hint`. */
function failure(text: string, values: ValueMap = {}): string {
  try {
    return `no failure: ${JSON.stringify(value(text, values))}`
  } catch (error) {
    if (!(error instanceof TextFailure)) throw error
    return `${error.code}: ${error.message} @${text.slice(error.start, error.end)}${error.hint === undefined ? '' : ` ? ${error.hint}`}`
  }
}

const x = {
  n: 3,
  zero: 0,
  no: false,
  none: null,
  list: ['a', 'b'],
  empty: [],
  map: { k: 'v', l: [1] },
  html: '<&>',
  users: [{ name: 'ann' }, { name: 'bob' }],
}

describe('a template', () => {
  test.each<[string, Value]>([
    ['{{n}}', 3],
    ['{{ zero }}', 0],
    ['{{no}}', false],
    ['{{none}}', null],
    ['{{list}}', ['a', 'b']],
    ['{{map.l.[0]}}', 1],
    ['{{{html}}} {{html}}', '<&> <&>'],
    ['n is {{n}}, {{zero}}, {{no}}', 'n is 3, 0, false'],
    ['{{#if zero}}yes{{else if n}}n{{else}}no{{/if}}', 'n'],
    ['{{#unless empty}}none{{/unless}}', 'none'],
    ['{{#each list}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}', '0a,1b'],
    ['{{#each map.l as |item i|}}{{i}}={{item}}{{/each}}', '0=1'],
    ['{{#each users}}{{name}}{{../n}} {{/each}}', 'ann3 bob3 '],
    ['{{#each empty}}x{{else}}nothing{{/each}}', 'nothing'],
    ['{{#with map}}{{k}}{{/with}}', 'v'],
    ['{{#each users}}{{#if @first}}{{@root.n}}{{/if}}{{/each}}', '3'],
    ['a\n{{#if n}}\nb\n{{/if}}\nc\n', 'a\nb\nc\n'],
    ['a {{~n~}} b', 'a3b'],
    ['\\{{n}} {{{{raw}}}}{{n}}{{{{/raw}}}}', '{{n}} {{n}}'],
    ['{{! a note }}x', 'x'],
    ['{{join list ", "}}', 'a, b'],
    ['{{upper (join list)}}', 'AB'],
    ['{{default map.z.y "d"}}', 'd'],
    ['{{default zero 1}}', 0],
    ['{{defined map.z}}', false],
    ['{{lookup map "k"}}', 'v'],
    ['{{#if (and (eq n 3) (gt n 2))}}y{{/if}}', 'y'],
    ['{{if no "a" "b"}}', 'b'],
    ['{{cel "n + 1"}}', 4],
    ["{{#each users}}{{cel 'this.name + n'}} {{/each}}", 'ann3 bob3 '],
    ['{{json map}}', '{"k":"v","l":[1]}'],
    ['{{quote "a b"}}', "'a b'"],
    ['{{"text"}}', 'text'],
  ])('%j', (text, expected) => {
    expect(value(text, x)).toEqual(expected)
  })

  test.each([
    ['{{nope}}', "UNDEFINED_VARIABLE: 'nope' is not defined @nope"],
    ['{{map.z.y}}', "UNDEFINED_VARIABLE: 'map.z.y' is not defined @map.z.y"],
    ['{{#if nope}}a{{/if}}', "UNDEFINED_VARIABLE: 'nope' is not defined @nope"],
    ['{{#each nope}}a{{/each}}', "UNDEFINED_VARIABLE: 'nope' is not defined @nope"],
    ['{{upper nope}}', "UNDEFINED_VARIABLE: 'nope' is not defined @nope"],
    ['{{lookup map "z"}}', 'UNDEFINED_VARIABLE: lookup finds no \'z\' @{{lookup map "z"}}'],
    [
      '{{#each users}}{{n}}{{/each}}',
      "UNDEFINED_VARIABLE: 'n' is not defined @n ? inside {{#each}} and {{#with}}, an outer name is written ../n",
    ],
    [
      'x {{list}}',
      'WRONG_TYPE: \'list\' is a list, which has no text @{{list}} ? write {{join list ", "}}, {{json list}} or {{#each list}}',
    ],
    [
      'x {{none}}',
      'WRONG_TYPE: \'none\' is null, which has no text @{{none}} ? write {{default none ""}} where it may be missing, and give it a value',
    ],
    [
      '{{#each n}}{{/each}}',
      'WRONG_TYPE: {{#each}} goes through a list or a mapping, not a number @{{#each n}}{{/each}}',
    ],
    ['{{uper n}}', "UNKNOWN_HELPER: there is no helper 'uper' @uper ? did you mean 'upper'?"],
    [
      '{{#users}}a{{/users}}',
      "UNKNOWN_HELPER: there is no block 'users' @users ? blocks are {{#if}}, {{#unless}}, {{#each}}, {{#with}}, {{#raw}}",
    ],
    ['{{join}}', "UNDEFINED_VARIABLE: 'join' is not defined @join"],
    ['{{join n}}', 'WRONG_VALUE: join takes a list, not a number @{{join n}}'],
    ['{{default n}}', 'TEMPLATE_SYNTAX: default takes 2 values, not 1 @{{default n}}'],
    ['{{> part}}', 'TEMPLATE_SYNTAX: templates have no partials and no decorators @{{> part}}'],
    ['{{../n}}', 'TEMPLATE_SYNTAX: ../n leads out of the template @../n'],
    ['{{this}}', 'TEMPLATE_SYNTAX: this has no meaning outside of {{#each}} and {{#with}} @this'],
    ['{{n | upper}}', 'TEMPLATE_SYNTAX: the template cannot be read here @| ? write {{upper n}}'],
    [
      '{{n + 1}}',
      'TEMPLATE_SYNTAX: the template cannot be read here @+ ? a template has no operators: use a helper as in {{add a 1}}, or {{cel "a + 1"}}',
    ],
    ['a\n{{#if n}}', 'TEMPLATE_SYNTAX: the template cannot be read here: it ends too early @'],
    [
      '{% if n %}',
      'TEMPLATE_SYNTAX: templates are Handlebars, not Jinja @{% if ? write {{#if x}}…{{/if}} and {{#each list}}…{{/each}}',
    ],
    ['{{cel "n +"}}', 'EXPRESSION_SYNTAX: this is no expression: unexpected token: EOF @'],
    ['{{constructor}}', "UNDEFINED_VARIABLE: 'constructor' is not defined @constructor"],
    ['{{map.constructor}}', "UNDEFINED_VARIABLE: 'map.constructor' is not defined @map.constructor"],
    ['{{map.__proto__}}', "UNDEFINED_VARIABLE: 'map.__proto__' is not defined @map.__proto__"],
  ])('tells what is wrong with %j', (text, expected) => {
    expect(failure(text, x)).toBe(expected)
  })

  test('of a file is always text', () => {
    expect(value('{{n}}', x, { isFile: true })).toBe('3')
    expect(() => value('{{list}}', x, { isFile: true })).toThrow('which has no text')
  })

  test('names what it reads at its root', () => {
    const { names } = parseTemplate(
      '{{#each us as |u|}}{{n}}{{u.x}}{{../t}}{{cel "u.a + b"}}{{/each}}{{default m 1}}{{@root.r}}',
    )
    expect([...names]).toEqual(['us', 't', 'b', 'm', 'r'])
  })

  test('never evaluates what a value says', () => {
    expect(value('{{text}} {{{text}}}', { text: '{{n}}' })).toBe('{{n}} {{n}}')
  })
})

describe('what is known after apply', () => {
  const u = new Unknown('why')
  const r = { a: 1, k: u }
  test.each<[string, Value]>([
    ['{{u}}', u],
    ['of {{u}}', u],
    ['{{r.a}} of r', '1 of r'],
    ['{{r}}', r],
    ['{{r.k.deeper}}', u],
    ['{{#if u}}a{{/if}}', u],
    ['{{default u 1}}', u],
    ['{{json r}}', u],
    ['{{#each list}}{{this}}{{/each}}', u],
    ['{{#if no}}{{u}}{{/if}}known', 'known'],
  ])('in %s', (text, expected) => {
    expect(value(text, { u, r, list: [u], no: false })).toEqual(expected)
  })
})

test('a secret makes a secret of the text that holds it', () => {
  const values = { s: new Secret('pw'), user: 'ann' }
  const hidden = value('{{user}}:{{s}}', values)
  expect(String(hidden)).toBe(HIDDEN)
  expect(hidden instanceof Secret && hidden.reveal()).toBe('ann:pw')
  expect(value('{{user}}{{#if s}}!{{/if}}', values)).toBeInstanceOf(Secret)
  expect(value('{{user}}', values)).toBe('ann')
})
