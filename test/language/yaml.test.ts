import { describe, expect, test } from 'vitest'
import { SourceText } from '../../engine/language/source-text.ts'
import { parseYaml } from '../../engine/language/yaml.ts'
import { placeInside, placeOf, plainOf, type YamlNode } from '../../engine/language/yaml-node.ts'
import type { Problem } from '../../engine/problem.ts'

function read(text: string): { node: YamlNode | undefined; problems: Problem[] } {
  const problems: Problem[] = []
  const node = parseYaml(new SourceText('f.yml', text), problems)
  return { node, problems }
}

describe('YAML', () => {
  test.each([
    ['a: 1\nb: [x, true, null, 1.5]', { a: 1, b: ['x', true, null, 1.5] }],
    ['1: x\ntrue: y', { 1: 'x', true: 'y' }],
    ['a: yes\nb: 1_000\nc: 12:30\nd: 2024-01-01', { a: 'yes', b: '1_000', c: '12:30', d: '2024-01-01' }],
    ['a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    ['a: &x {b: 1, c: 1}\nd: {<<: *x, c: 2}', { a: { b: 1, c: 1 }, d: { c: 2, b: 1 } }],
    ['a: &x {b: 1}\nc: &y {d: 2}\ne: {<<: [*x, *y]}', { a: { b: 1 }, c: { d: 2 }, e: { b: 1, d: 2 } }],
    ['a:\nb: |\n  x\n  y\n', { a: null, b: 'x\ny\n' }],
    ['__proto__: 1', Object.fromEntries([['__proto__', 1]])],
    ['a: !cel x > 1', { a: 'x > 1' }],
  ])('%j', (text, value) => {
    const { node, problems } = read(text)
    expect(problems).toEqual([])
    expect(node && plainOf(node)).toEqual(value)
  })

  test.each(['', '# nothing\n', '---\n'])('%j is empty', (text) => {
    expect(read(text)).toEqual({ node: undefined, problems: [] })
  })

  test.each([
    [
      'a: {{ x }}/y',
      'UNQUOTED_TEMPLATE',
      'a value that begins with {{ is a mapping to YAML',
      '1:4',
      'put it in quotes: a: "{{ x }}/y"',
    ],
    [
      '- {{ x }}',
      'UNQUOTED_TEMPLATE',
      'a value that begins with {{ is a mapping to YAML',
      '1:3',
      'put it in quotes: - "{{ x }}"',
    ],
    ['a: 0644', 'OCTAL_NUMBER', '0644 is the number 644 in YAML 1.2', '1:4', 'write it in quotes: "0644"'],
    ['a: 0o644', 'OCTAL_NUMBER', '0o644 is the number 420 in YAML 1.2', '1:4', 'write it in quotes: "0644"'],
    [
      'a: 12345678901234567890',
      'NUMBER_RANGE',
      '12345678901234567890 is no number that can be held exactly',
      '1:4',
      'write it in quotes',
    ],
    ['a: 1\nb: 2\na: 3', 'DUPLICATE_KEY', "the key 'a' stands twice in this mapping", '3:1', undefined],
    ['a:\n\tb: 1', 'YAML_SYNTAX', 'a tab cannot indent YAML', '2:1', 'use spaces'],
    [
      'a: !other x',
      'YAML_SYNTAX',
      'the tag !other is unknown',
      '1:4',
      'the tags that there are: !cel for an expression, !vault for what Ansible Vault has encrypted',
    ],
    [
      'a: b: c',
      'YAML_SYNTAX',
      'a mapping cannot begin in the middle of a line',
      '1:4',
      'text that holds ": " is written in quotes',
    ],
    ['a: 1\n---\nb: 1', 'YAML_SYNTAX', 'a file holds one YAML document', '2:1', 'remove the second ---'],
    [
      'a: *.txt',
      'UNKNOWN_ALIAS',
      "no anchor '&.txt' stands before this alias",
      '1:4',
      'put text that begins with * in quotes: "*.txt"',
    ],
    [
      'a: &a [*a]',
      'UNKNOWN_ALIAS',
      "no anchor '&a' stands before this alias",
      '1:8',
      'put text that begins with * in quotes: "*a"',
    ],
    ['%YAML 1.1\n---\na: yes', 'YAML_VERSION', 'playbooks are YAML 1.2', '1:1', 'remove the %YAML line'],
    ['a: {<<: 1}', 'YAML_MERGE', "'<<' takes in a mapping or a list of mappings", '1:5', undefined],
  ])('%j is a mistake', (text, code, message, at, hint) => {
    const [problem] = read(text).problems
    expect(problem).toMatchObject({ code, message, hint })
    expect(`${problem?.place?.line}:${problem?.place?.column}`).toBe(at)
  })

  test('aliases that multiply are refused', () => {
    const lines = Array.from(
      { length: 9 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 10 }, () => `*a${n}`).join(', ')}]`,
    )
    expect(read(`a0: &a0 x\n${lines.join('\n')}\n`).problems[0]).toMatchObject({ code: 'YAML_SIZE' })
  })
})

describe('places', () => {
  test.each([
    ['a: hello', 3, '1:4'],
    ['a: "say x"', 4, '1:9'],
    ['a: |\n  one\n  two x\n', 8, '3:7'],
    ['a: |\n    one\n      two\n', 6, '3:7'],
    ['a: "x\\ny z"', 2, '1:4'],
  ])('of a part of the text in %j', (text, offset, at) => {
    const { node } = read(text)
    const value = node?.kind === 'map' ? node.entries[0]?.value : undefined
    if (value?.kind !== 'scalar') throw new Error('no scalar')
    const start = text.startsWith('a: hello') ? 0 : offset
    const place = placeInside(value, start, start + 1)
    expect(`${place.line}:${place.column}`).toBe(at)
  })

  test('end with the line, and know it', () => {
    const { node } = read('a:\n  b: 1\n')
    const value = node?.kind === 'map' ? node.entries[0]?.value : undefined
    expect(value && placeOf(value)).toEqual({ file: 'f.yml', line: 2, column: 3, length: 4, source: '  b: 1' })
  })
})
