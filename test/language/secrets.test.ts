import { describe, expect, test } from 'vitest'
import { ClearTexts } from '../../engine/language/encrypted/clear-texts.ts'
import { parseTemplate } from '../../engine/language/template.ts'
import { KnownSecrets } from '../../engine/resource/known-secrets.ts'
import { Secret } from '../../engine/resource/secret.ts'
import type { Value } from '../../engine/resource/value.ts'
import { actions, modules } from '../../modules/index.ts'
import { complaintsOf } from './folder.ts'
import { compiled } from './stand-ins.ts'

const VARS =
  '  vars: { pass: !cel \'secret("marker one")\', word: !cel \'secret("marker")\', pin: !cel secret(123456), sum: "$6$salt$x" }\n'
const playOf = (task: string) => `- hosts: w1\n${VARS}  tasks:\n    - name: the task\n      ${task}\n`
const compiledWith = (task: string) => {
  const secrets = new KnownSecrets()
  const clearTexts = new ClearTexts(secrets)
  return { secrets, result: compiled(playOf(task), { registry: { modules, actions }, clearTexts }) }
}

describe('a secret is taken', () => {
  test.each([
    'copy: { dest: /x, content: "{{pass}}" }',
    'line-in-file: { path: /x, line: "a={{pass}}" }',
    'block-in-file: { path: /x, block: "{{pass}} {{pin}}" }',
    'json-file: { path: /x, merge: { a: { b: ["{{pass}}", "{{pin}}"] } } }',
    'user: { name: x, password: "{{secret sum}}" }',
    'keygen: { path: /x, passphrase: "{{pass}}" }',
    'command: { cmd: cat, stdin: "{{pass}}" }',
    'shell: { cmd: cat, stdin: "{{pass}}" }',
    'http: { url: "http://h/{{word}}", headers: { X-Token: "{{pass}}" }, body: "{{pass}}" }',
    'http: { url: "http://h/", json: { a: ["{{pass}}"] } }',
    'wait-for: { port: 1, send: "{{pass}}" }',
    'assert: { that: "pass != \'\' && size(pass) > 8 && pin > 1" }',
    'command: "true"\n      when: pass == "marker one" && pin + 1 == 123457',
    'command: { cmd: cat, stdin: "{{item}}" }\n      loop: ["{{pass}}", "{{pin}}"]',
  ])('by %s', (task) => {
    expect(() => compiledWith(task)).not.toThrow()
  })
})

describe('a secret is refused', () => {
  test.each([
    ['command: "login {{pass}}"', 'cmd', 'command'],
    ['command: { argv: [login, "{{pass}}"] }', 'argv.1', 'command'],
    ['command: { cmd: "true", unless: "grep {{pass}} /x" }', 'unless', 'command'],
    ['shell: "curl -u me:{{pass}} http://h/"', 'cmd', 'shell'],
    ['fail: { msg: "{{pass}}" }', 'msg', 'fail'],
    ['copy: { dest: "/{{pass}}", content: x }', 'dest', 'copy'],
    ['user: { name: "{{word}}" }', 'name', 'user'],
    ['sysctl: { name: net.ipv4.ip_forward, value: "{{pin}}" }', 'value', 'sysctl'],
  ])('as %s', (task, argument, name) => {
    const complaints = complaintsOf(() => compiledWith(task), '').join('\n')
    expect(complaints).toContain(
      `error[SECRET_SHOWN]: '${argument}' of ${name} would show a secret, in the task 'the task'`,
    )
  })

  test('in the environment, whatever it is made of', () => {
    const task = 'command: "true"\n      environment: { TOKEN: "x{{upper pass}}" }'
    expect(complaintsOf(() => compiledWith(task), '').join('\n')).toContain(
      'error[SECRET_SHOWN]: the environment variable TOKEN would show a secret to every process',
    )
  })

  test('with the way out for what runs a program', () => {
    expect(complaintsOf(() => compiledWith('command: "login {{pass}}"'), '').join('\n')).toContain(
      'hint: every process of the host can read the words of a command; give it on `stdin`, which nobody sees',
    )
  })
})

describe('a secret is hidden, and a warning says so', () => {
  test.each(['debug: { msg: "it is {{pass}}" }', 'debug: { msg: { a: ["{{pin}}"] } }', 'debug: { var: pass }'])(
    'in %s',
    (task) => {
      const { warnings } = compiledWith(task).result
      const told = warnings.filter(({ code }) => code === 'SECRET_SHOWN').map(({ message }) => message)
      expect(told).toEqual(["'the task' would show a secret, which is hidden"])
    },
  )
})

describe('what is made of a secret', () => {
  const LEAVES: [string, Value][] = [
    ['{{pass}}', 'marker one'],
    ['a {{pass}} b', 'a marker one b'],
    ['{{upper pass}}', 'MARKER ONE'],
    ['{{json list}}', '["marker one",123456]'],
    ['{{b64encode pass}}', 'bWFya2VyIG9uZQ=='],
    ['{{#if pass}}yes{{/if}}', 'yes'],
    ['{{#each list}}{{this}};{{/each}}', 'marker one;123456;'],
    ['{{add pin 1}}', 123457],
    ['{{cel "pass + string(pin)"}}', 'marker one123456'],
    ['{{default pass "x"}}', 'marker one'],
    ['{{secret "literal"}}', 'literal'],
    ['pre {{secret "literal"}}', 'pre literal'],
  ]
  test.each(LEAVES)('is one: %s', (text, value) => {
    const { made } = rendered(text)
    expect(made).toBeInstanceOf(Secret)
    expect(made instanceof Secret && made.value).toBe(value)
  })

  test('is known, the parts of it as well', () => {
    expect(rendered('{{upper pass}}').secrets.hide('MARKER ONE marker one 123456')).toBe('‹secret› ‹secret› ‹secret›')
    expect(rendered('a {{secret "literal"}} b').secrets.hide('literal')).toBe('‹secret›')
  })

  test.each([
    ['{{parse_json pass}}', 'parse_json does not work with this secret'],
    ['{{number pass}}', 'number does not work with this secret'],
    ['{{cel "int(pass)"}}', 'this does not work with the secret that it reads'],
  ])('fails without showing it: %s', (text, message) => {
    expect(() => rendered(text)).toThrow(message)
  })
})

const PASS = new Secret('marker one')
const PIN = new Secret(123456)

/** What a template gives to those who know these secrets, and what is known of secrets then. */
function rendered(text: string): { made: unknown; secrets: KnownSecrets } {
  const secrets = new KnownSecrets()
  for (const secret of [PASS, PIN]) secrets.add(secret)
  const values: Record<string, Value> = { pass: PASS, pin: PIN, list: [PASS, PIN] }
  const made = parseTemplate(text).evaluate({
    get: (name) => values[name],
    hint: () => undefined,
    file: () => '',
    secrets,
  })
  return { made, secrets }
}
