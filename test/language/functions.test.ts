import { describe, expect, test } from 'vitest'
import { parseCel } from '../../engine/language/cel.ts'
import { functions } from '../../engine/language/functions/functions.ts'
import { type Names, TextFailure } from '../../engine/language/names.ts'
import { parseTemplate } from '../../engine/language/template.ts'
import type { Value, ValueMap } from '../../engine/resource/value.ts'
import { complaintsOf, folderWith } from './folder.ts'
import { compiled, compileIn, HOSTS, playOf, runtimeWith, said } from './stand-ins.ts'

const values: ValueMap = {
  list: [3, 1, 2],
  nested: [1, [2, [3]]],
  people: [
    { name: 'bob', age: 3 },
    { name: 'ann', age: 4 },
  ],
  map: { a: 1, b: 2 },
  text: 'Hello  world',
  lines: 'one\ntwo\n',
  zero: 0,
}
const names: Names = {
  get: (name) => (Object.hasOwn(values, name) ? values[name] : undefined),
  hint: () => undefined,
  file: (path) => `text of ${path}\r\n\n`,
}

const UTF8 = 'Zürich'

/** Each function as an expression and as a template, and what both give. */
const CASES: [string, string, Value][] = [
  ['upper(text)', '{{upper text}}', 'HELLO  WORLD'],
  ['text.lower()', '{{lower text}}', 'hello  world'],
  ['capitalize("ab")', '{{capitalize "ab"}}', 'Ab'],
  ['trim(" a ")', '{{trim " a "}}', 'a'],
  ['text.replace("l", "L")', '{{replace text "l" "L"}}', 'HeLLo  worLd'],
  ['text.split()', '{{split text}}', ['Hello', 'world']],
  ['"a,b,".split(",")', '{{split "a,b," ","}}', ['a', 'b', '']],
  ['lines(lines)', '{{lines lines}}', ['one', 'two']],
  ['list.join("-")', '{{join list "-"}}', '3-1-2'],
  ['indent(lines, 2)', '{{indent lines 2}}', '  one\n  two\n'],
  ['quote("it\'s")', '{{quote "it\'s"}}', "'it'\\''s'"],
  ['starts_with(text, "Hel")', '{{starts_with text "Hel"}}', true],
  ['ends_with(text, "Hel")', '{{ends_with text "Hel"}}', false],
  ['matches(text, "^H.*d$")', '{{matches text "^H.*d$"}}', true],
  ['regex_find("v1.2", "v([0-9])")', '{{regex_find "v1.2" "v([0-9])"}}', '1'],
  ['regex_find("v", "[0-9]")', '{{regex_find "v" "[0-9]"}}', ''],
  ['regex_find_all("a1b2", "[0-9]")', '{{regex_find_all "a1b2" "[0-9]"}}', ['1', '2']],
  ['regex_replace("a1b2", "([0-9])", "<$1>")', '{{regex_replace "a1b2" "([0-9])" "<$1>"}}', 'a<1>b<2>'],
  ['basename("/etc/hosts")', '{{basename "/etc/hosts"}}', 'hosts'],
  ['dirname("/etc/hosts")', '{{dirname "/etc/hosts"}}', '/etc'],
  ['length(list)', '{{length list}}', 3],
  [`length("${UTF8}")`, `{{length "${UTF8}"}}`, 6],
  ['length(map)', '{{length map}}', 2],
  ['first(list)', '{{first list}}', 3],
  ['last(list)', '{{last list}}', 2],
  ['list.sort()', '{{sort list}}', [1, 2, 3]],
  ['people.sort("name").pluck("age")', '{{pluck (sort people "name") "age"}}', [4, 3]],
  ['reverse(list)', '{{reverse list}}', [2, 1, 3]],
  ['unique([1, 1, 2])', '{{unique (split "1 1 2")}}', [1, 2]],
  ['flatten(nested)', '{{flatten nested}}', [1, 2, 3]],
  ['union(list, [3, 4])', '{{union list (range 3 5)}}', [3, 1, 2, 4]],
  ['intersect(list, [1, 4])', '{{intersect list (range 1 2)}}', [1]],
  ['difference(list, [1])', '{{difference list (range 1 2)}}', [3, 2]],
  ['range(3)', '{{range 3}}', [0, 1, 2]],
  ['range(1, 4)', '{{range 1 4}}', [1, 2, 3]],
  ['range(5, 0, -2)', '{{range 5 0 -2}}', [5, 3, 1]],
  ['range(0)', '{{range zero}}', []],
  ['sum(list)', '{{sum list}}', 6],
  ['min(list)', '{{min list}}', 1],
  ['max(list)', '{{max list}}', 3],
  ['keys(map)', '{{keys map}}', ['a', 'b']],
  ['values(map)', '{{values map}}', [1, 2]],
  ['items({"a": 1})', '{{items (parse_json "{\\"a\\": 1}")}}', [{ key: 'a', value: 1 }]],
  ['merge(map, {"b": 3})', '{{merge map (parse_json "{\\"b\\": 3}")}}', { a: 1, b: 3 }],
  ['pluck(people, "name")', '{{pluck people "name"}}', ['bob', 'ann']],
  ['json(map)', '{{json map}}', '{"a":1,"b":2}'],
  ['json([1], 2)', '{{json (range 1 2) 2}}', '[\n  1\n]'],
  ['parse_json("[1]")', '{{parse_json "[1]"}}', [1]],
  ['yaml(map)', '{{yaml map}}', 'a: 1\nb: 2'],
  ['parse_yaml("a: [1]")', '{{parse_yaml "a: [1]"}}', { a: [1] }],
  [`b64encode("${UTF8}")`, `{{b64encode "${UTF8}"}}`, 'WsO8cmljaA=='],
  ['b64decode("WsO8cmljaA==")', '{{b64decode "WsO8cmljaA=="}}', UTF8],
  ['sha256("abc")', '{{sha256 "abc"}}', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['file("a.txt")', '{{file "a.txt"}}', 'text of a.txt'],
  ['text == "x"', '{{eq text "x"}}', false],
  ['zero != 1', '{{ne zero 1}}', true],
  ['zero < 1', '{{lt zero 1}}', true],
  ['zero <= 0', '{{le zero 0}}', true],
  ['zero > 0', '{{gt zero 0}}', false],
  ['zero >= 0', '{{ge zero 0}}', true],
  ['!(zero == 0)', '{{not (eq zero 0)}}', false],
  ['zero == 0 && zero > 0', '{{and (eq zero 0) (gt zero 0)}}', false],
  ['zero == 0 || zero > 0', '{{or (eq zero 0) (gt zero 0)}}', true],
  ['contains(list, 2)', '{{contains list 2}}', true],
  ['contains(map, "z")', '{{contains map "z"}}', false],
  ['contains(text, "world")', '{{contains text "world"}}', true],
  ['zero + 2', '{{add zero 2}}', 2],
  ['zero - 2', '{{subtract zero 2}}', -2],
  ['(zero + 2) * 3', '{{multiply (add zero 2) 3}}', 6],
  ['(zero + 3) / 2', '{{divide (add zero 3) 2}}', 1.5],
  ['(zero + 7) % 4', '{{modulo (add zero 7) 4}}', 3],
  ['floor(1.9)', '{{floor 1.9}}', 1],
  ['number("0x10")', '{{number "0x10"}}', 16],
  ['kind(null)', '{{kind null}}', 'null'],
  ['string(zero)', '{{text zero}}', '0'],
  ['is_ip("10.0.0.1")', '{{is_ip "10.0.0.1"}}', true],
  ['is_ip("::1")', '{{is_ip "::1"}}', true],
  ['is_ip("10.0.0.1/8")', '{{is_ip "10.0.0.1/8"}}', false],
  ['is_ip("010.0.0.1")', '{{is_ip "010.0.0.1"}}', false],
  ['is_ip("10.1")', '{{is_ip "10.1"}}', false],
  ['is_ip("10.0.0.256")', '{{is_ip "10.0.0.256"}}', false],
  ['is_ip("fe80::1%eth0")', '{{is_ip "fe80::1%eth0"}}', false],
  ['is_ip("")', '{{is_ip ""}}', false],
  ['ip_version("10.0.0.1")', '{{ip_version "10.0.0.1"}}', 4],
  ['ip_version("fd00::/8")', '{{ip_version "fd00::/8"}}', 6],
  ['ip_in("10.1.2.3", "10.0.0.0/8")', '{{ip_in "10.1.2.3" "10.0.0.0/8"}}', true],
  ['ip_in("11.1.2.3", "10.0.0.0/8")', '{{ip_in "11.1.2.3" "10.0.0.0/8"}}', false],
  ['ip_in("11.1.2.3", "0.0.0.0/0")', '{{ip_in "11.1.2.3" "0.0.0.0/0"}}', true],
  ['ip_in("10.0.0.7", "10.0.0.4/255.255.255.252")', '{{ip_in "10.0.0.7" "10.0.0.4/255.255.255.252"}}', true],
  ['ip_in("2001:db8::1", "2001:db8::/32")', '{{ip_in "2001:db8::1" "2001:db8::/32"}}', true],
  ['ip_in("10.0.0.1", "::/0")', '{{ip_in "10.0.0.1" "::/0"}}', false],
  ['ip_is_private("192.168.3.4")', '{{ip_is_private "192.168.3.4"}}', true],
  ['ip_is_private("172.32.0.1")', '{{ip_is_private "172.32.0.1"}}', false],
  ['ip_is_private("fd12::1")', '{{ip_is_private "fd12::1"}}', true],
  ['ip_is_private("127.0.0.1")', '{{ip_is_private "127.0.0.1"}}', false],
  ['ip_host("10.0.0.0/24", 5)', '{{ip_host "10.0.0.0/24" 5}}', '10.0.0.5'],
  ['ip_host("10.0.0.77/24", -2)', '{{ip_host "10.0.0.77/24" -2}}', '10.0.0.254'],
  ['ip_host("10.0.0.1/32", 0)', '{{ip_host "10.0.0.1/32" 0}}', '10.0.0.1'],
  ['ip_host("0.0.0.0/0", -1)', '{{ip_host "0.0.0.0/0" -1}}', '255.255.255.255'],
  ['ip_host("2001:db8::/64", 258)', '{{ip_host "2001:db8::/64" 258}}', '2001:db8::102'],
  ['ip_network("10.0.0.77/24")', '{{ip_network "10.0.0.77/24"}}', '10.0.0.0/24'],
  ['ip_network("2001:db8::77/64")', '{{ip_network "2001:db8::77/64"}}', '2001:db8::/64'],
  ['ip_broadcast("10.0.0.77/24")', '{{ip_broadcast "10.0.0.77/24"}}', '10.0.0.255'],
  ['ip_netmask("10.0.0.77/20")', '{{ip_netmask "10.0.0.77/20"}}', '255.255.240.0'],
  ['ip_address("10.0.0.77/20")', '{{ip_address "10.0.0.77/20"}}', '10.0.0.77'],
  ['ip_address("2001:0DB8:0:0::1")', '{{ip_address "2001:0DB8:0:0::1"}}', '2001:db8::1'],
  ['ip_prefix("10.0.0.77/20")', '{{ip_prefix "10.0.0.77/20"}}', 20],
  ['ip_prefix("10.0.0.77/255.255.0.0")', '{{ip_prefix "10.0.0.77/255.255.0.0"}}', 16],
  ['ip_prefix("::/0")', '{{ip_prefix "::/0"}}', 0],
  ['default(nope, "d")', '{{default nope "d"}}', 'd'],
  ['defined(nope.x)', '{{defined nope.x}}', false],
]

describe('a function', () => {
  test.each(CASES)('%s', (expression, template, expected) => {
    expect(parseCel(expression).evaluate(names)).toEqual(expected)
    if (!expression.startsWith('unique')) expect(parseTemplate(template).evaluate(names)).toEqual(expected)
  })

  test('marks a secret, which is never shown', () => {
    expect(String(parseCel('secret(text)').evaluate(names))).toBe('‹secret›')
    expect(String(parseTemplate('{{secret text}}').evaluate(names))).toBe('‹secret›')
  })

  test('is in a table above', () => {
    const written = CASES.map(([, template]) => template).join()
    const untested = [...functions.keys()].filter(
      (name) => name !== 'secret' && !new RegExp(`[{(]${name} `).test(written),
    )
    expect(untested).toEqual([])
  })

  test.each([
    ['ip_in("10.0.0.1", "10.0.0.0")', "WRONG_VALUE: ip_in: '10.0.0.0' is no network such as 10.0.0.0/24"],
    ['ip_in("web1", "10.0.0.0/8")', "WRONG_VALUE: ip_in: 'web1' is no IP address"],
    ['ip_prefix("10.0.0.0/33")', "WRONG_VALUE: ip_prefix: '10.0.0.0/33' is no network such as 10.0.0.0/24"],
    [
      'ip_prefix("10.0.0.0/255.0.255.0")',
      "WRONG_VALUE: ip_prefix: '10.0.0.0/255.0.255.0' is no network such as 10.0.0.0/24",
    ],
    ['ip_prefix("10.0.0.0/8/8")', "WRONG_VALUE: ip_prefix: '10.0.0.0/8/8' is no IP address"],
    ['ip_host("10.0.0.0/24", 256)', 'WRONG_VALUE: ip_host: 10.0.0.0/24 has no address 256'],
    ['ip_host("10.0.0.0/24", 0.5)', 'WRONG_VALUE: ip_host: 10.0.0.0/24 has no address 0.5'],
    ['ip_netmask("::/64")', "WRONG_VALUE: ip_netmask takes an IPv4 network, not '::/64'"],
    ['parse_json("{")', 'WRONG_VALUE: parse_json: this is no JSON'],
    ['b64decode("ä")', 'WRONG_VALUE: b64decode takes Base64'],
    ['number("x")', 'WRONG_VALUE: number takes a text that is a number'],
    ['first([])', 'WRONG_VALUE: first has nothing to take from an empty list'],
    ['sum(["a"])', 'WRONG_VALUE: sum takes a list of numbers; one item is text'],
    ['regex_replace("a", "(", "b")', 'WRONG_VALUE: regex_replace: error parsing regexp: missing closing ): `(`'],
  ])('says what is wrong in %s', (expression, expected) => {
    try {
      parseCel(expression).evaluate(names)
      expect.fail('nothing was wrong')
    } catch (error) {
      if (!(error instanceof TextFailure)) throw error
      expect(`${error.code}: ${error.message}`).toBe(expected)
    }
  })
})

describe('file', () => {
  const files = {
    'files/motd.txt': 'of the playbook\n',
    'beside.txt': 'beside it\n\n',
    'roles/r/files/motd.txt': 'of the role\n',
    'roles/r/tasks/main.yml': '- say: "{{file \'motd.txt\'}}"\n- say: !cel file("beside.txt")\n',
    'files/binary': '\u0000\ufffd',
  }

  test('is found in the role, then in the playbook, and is the same in expressions and templates', () => {
    const play = compiled(
      '- hosts: w1\n  roles: [r]\n  tasks: [{ say: "{{file \'motd.txt\'}}!" }, { say: !cel \'file("files/motd.txt")\' }]\n',
      { files },
    )
    expect(said(play, 'w1')).toEqual(['of the role', 'beside it', 'of the playbook!', 'of the playbook'])
  })

  test('may be read in a variable of the inventory', () => {
    const hosts = 'web: { hosts: { w1: { text: "{{file \'motd.txt\'}}" } } }\n'
    expect(said(compiled(playOf('- say: "{{text}}"'), { files, hosts }), 'w1')).toEqual(['of the playbook'])
  })

  test('that is missing is told with the place before the run', () => {
    const folder = folderWith({
      'hosts.yml': HOSTS,
      'play.yml': playOf("- say: 'x {{file \"nope.txt\"}}'\n- say: !cel file('none.txt')\n"),
    })
    const said = complaintsOf(() => compileIn(folder), folder).map((text) => text.replace(/\nhint: looked for .*/, ''))
    expect(said).toEqual([
      `error[FILE_MISSING]: there is no file 'nope.txt'
  --> play.yml:3:15
3 |     - say: 'x {{file "nope.txt"}}'
  |               ^^^^^^^^^^^^^^^^^^^`,
      `error[FILE_MISSING]: there is no file 'none.txt'
  --> play.yml:4:17
4 |     - say: !cel file('none.txt')
  |                 ^^^^^^^^^^^^^^^^`,
    ])
  })
})

describe('now', () => {
  const play = compiled(
    playOf("- say: 'at {{now}}'\n- say: !cel timestamp(now).getFullYear()\n- say: !cel now.split('T')[0]\n"),
  )

  test('is when the run began, for all hosts', () => {
    const expected = ['at 2026-01-02T03:04:05.000Z', 2026, '2026-01-02']
    expect(said(play, 'w1')).toEqual(expected)
    expect(said(play, 'd1')).toEqual(expected)
  })

  test('is of each run', () => {
    expect(said(play, 'w1', { ...runtimeWith(), now: () => '2030-01-01T00:00:00.000Z' })[1]).toBe(2030)
  })

  test('is not known before the run', () => {
    expect(() => compiled(playOf("- say: a\n  when: now > 'x'"))).not.toThrow()
  })
})
