import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { Secret } from '../../../engine/resource/secret.ts'
import { lineInFile } from '../../../modules/files/line-in-file.ts'
import fc from '../../property.ts'

type Want = Parameters<typeof lineInFile.plan>[0]

const parent: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }

function plan(want: Partial<Want>, file: FileState) {
  return lineInFile.plan({ path: '/etc/x', ...want } as Want, { file, parent, accounts: [], groups: [], rest: [] })
}

/** The text that follows, or `same`. */
function edited(want: Partial<Want>, text: string): string {
  const [change] = plan(want, fileOf(text, { mode: 0o644 })).changes
  return change ? String(change.to) : 'same'
}

describe('a line', () => {
  test.each<{ title: string; want: Partial<Want>; text: string; expected: string }>([
    { title: 'that is there', want: { line: 'b' }, text: 'a\nb\n', expected: 'same' },
    { title: 'that is there without its newline', want: { line: 'b' }, text: 'a\nb', expected: 'same' },
    { title: 'that is there twice', want: { line: 'b' }, text: 'b\na\nb\n', expected: 'same' },
    { title: 'of zero', want: { line: '0' }, text: '0\n', expected: 'same' },
    { title: 'that is empty', want: { line: '' }, text: 'a\n', expected: 'a\n\n' },
    { title: 'at the end', want: { line: 'b' }, text: 'a\n', expected: 'a\nb\n' },
    { title: 'after a last line without newline', want: { line: 'b' }, text: 'a', expected: 'a\nb\n' },
    { title: 'in an empty file', want: { line: 'b' }, text: '', expected: 'b\n' },
    { title: 'at the beginning', want: { line: 'b', insertbefore: 'BOF' }, text: 'a\n', expected: 'b\na\n' },
    { title: 'at the end by name', want: { line: 'b', insertafter: 'EOF' }, text: 'a\n', expected: 'a\nb\n' },
    {
      title: 'after the last match',
      want: { line: 'b', insertafter: '^a' },
      text: 'a1\na2\nc\n',
      expected: 'a1\na2\nb\nc\n',
    },
    {
      title: 'before the last match',
      want: { line: 'b', insertbefore: '^c' },
      text: 'c1\nc2\n',
      expected: 'c1\nb\nc2\n',
    },
    {
      title: 'at the end when nothing matches',
      want: { line: 'b', insertbefore: 'z' },
      text: 'a\n',
      expected: 'a\nb\n',
    },
    { title: 'after the last line of all', want: { line: 'b', insertafter: 'a' }, text: 'a', expected: 'a\nb\n' },
    { title: 'in place of the match', want: { line: 'p=2', regexp: '^p=' }, text: 'p=1\nq\n', expected: 'p=2\nq\n' },
    {
      title: 'in place of the last match',
      want: { line: 'p=2', regexp: '^p=' },
      text: 'p=0\np=1\n',
      expected: 'p=0\np=2\n',
    },
    {
      title: 'that the last match already is',
      want: { line: 'p=2', regexp: '^p=' },
      text: 'p=0\np=2\n',
      expected: 'same',
    },
    {
      title: 'that only an earlier match is',
      want: { line: 'p=2', regexp: '^p=' },
      text: 'p=2\np=0\n',
      expected: 'p=2\np=2\n',
    },
    {
      title: 'in place of a comment',
      want: { line: 'Port 22', regexp: '^#?Port ' },
      text: '#Port 22\n',
      expected: 'Port 22\n',
    },
    {
      title: 'that its expression does not match, once more',
      want: { line: 'new', regexp: '^old' },
      text: 'old1\nnew\n',
      expected: 'same',
    },
    {
      title: 'that its expression does not match',
      want: { line: 'new', regexp: '^old' },
      text: 'old1\nold2\n',
      expected: 'old1\nnew\n',
    },
    { title: 'with shell in it', want: { line: '$(id) `id` \'"' }, text: '', expected: '$(id) `id` \'"\n' },
    {
      title: 'with an ampersand in place of a match',
      want: { line: 'a&$1', regexp: 'a' },
      text: 'a\n',
      expected: 'a&$1\n',
    },
    { title: 'in a file of DOS lines', want: { line: 'b' }, text: 'a\r\n', expected: 'a\r\nb\r\n' },
    { title: 'that is there with a DOS ending', want: { line: 'a' }, text: 'a\r\n', expected: 'same' },
  ])('$title', ({ want, text, expected }) => {
    expect(edited(want, text)).toBe(expected)
  })
})

describe('no line', () => {
  test.each<{ title: string; want: Partial<Want>; text: string; expected: string }>([
    { title: 'where none was', want: { line: 'b' }, text: 'a\n', expected: 'same' },
    { title: 'of an empty file', want: { line: 'b' }, text: '', expected: 'same' },
    { title: 'of this text, however often', want: { line: 'b' }, text: 'b\na\nb', expected: 'a\n' },
    { title: 'that matches', want: { regexp: '^b' }, text: 'b1\na\nb2\n', expected: 'a\n' },
    { title: 'and nothing else', want: { regexp: '.' }, text: 'a\n', expected: '' },
    { title: 'ends in a DOS file either', want: { regexp: 'b$' }, text: 'b\r\na\r\n', expected: 'a\r\n' },
  ])('$title', ({ want, text, expected }) => {
    expect(edited({ state: 'absent', ...want }, text)).toBe(expected)
  })

  test('in a file that is absent, whose folder may be absent too', () => {
    expect(plan({ state: 'absent', line: 'b' }, ABSENT).changes).toEqual([])
  })
})

test('a file that is absent is created when that is asked for, and is a failure otherwise', () => {
  expect(plan({ line: 'b', create: true }, ABSENT).changes).toMatchObject([
    { kind: 'write', from: undefined, to: 'b\n' },
  ])
  expect(() => plan({ line: 'b' }, ABSENT)).toThrow('the file /etc/x does not exist')
})

test('a line that is there still gets its mode', () => {
  const changes = plan({ line: 'a', mode: '0600' }, fileOf('a', { mode: 0o644 })).changes
  expect(changes).toMatchObject([{ kind: 'mode', from: '0644', to: '0600' }])
})

test('a secret line hides the whole difference', () => {
  const [change] = plan({ line: new Secret('password=x') }, fileOf('other=y\n', { mode: 0o600 })).changes
  expect(change).toMatchObject({ secret: true })
  expect(JSON.stringify(change)).not.toMatch(/password|other/)
})

test('text that is not UTF-8 is left alone', () => {
  const latin = fileOf(Buffer.from('stra\xdfe\n', 'latin1'), { mode: 0o644 })
  expect(() => plan({ line: 'b' }, latin)).toThrow('/etc/x is not UTF-8 text')
})

test('an expression that RE2 does not have is a failure with a reason', () => {
  expect(() => edited({ line: 'b', regexp: '(?=a)' }, 'a\n')).toThrow('the regular expression (?=a) is not valid')
})

test('an expression that would hang a backtracking engine is quick', () => {
  expect(edited({ line: 'b', regexp: '^(a+)+$' }, `${'a'.repeat(50_000)}!\n`)).toMatch(/!\nb\n$/)
})

test('one edit is enough: the edited text needs no other', () => {
  const word = fc.stringMatching(/^[abp=12 ]{0,4}$/)
  const pattern = fc.constantFrom('^a', '^p=', 'b$', '1', '.', '^$')
  const wishes = fc.record(
    { line: word, regexp: pattern, state: fc.constantFrom('present', 'absent'), insertafter: pattern },
    { requiredKeys: ['line'] },
  )
  fc.assert(
    fc.property(wishes, fc.array(word), fc.constantFrom('\n', '\r\n'), fc.boolean(), (want, lines, newline, ended) => {
      const text = lines.join(newline) + (ended ? newline : '')
      const after = edited(want as Partial<Want>, text)
      if (after !== 'same') expect(edited(want as Partial<Want>, after)).toBe('same')
    }),
  )
})
