import { describe, expect, test } from 'vitest'
import { ABSENT, type FileState, fileOf } from '../../../engine/resource/read.ts'
import { Secret } from '../../../engine/resource/secret.ts'
import { blockInFile } from '../../../modules/files/block-in-file.ts'

type Want = Parameters<typeof blockInFile.plan>[0]

const parent: FileState = { type: 'directory', mode: 0o755, owner: 'root', group: 'root', size: 0 }

function plan(want: Partial<Want>, file: FileState) {
  const have = { file, parent, accounts: [], groups: [], rest: [] }
  return blockInFile.plan({ path: '/etc/x', marker: '# {mark}', ...want } as Want, have)
}

/** The text that follows, or `same`. */
function edited(want: Partial<Want>, text: string): string {
  const [change] = plan(want, fileOf(text, { mode: 0o644 })).changes
  return change ? String(change.to) : 'same'
}

describe('a block', () => {
  const block = '# BEGIN\na\n# END\n'
  test.each<{ title: string; want: Partial<Want>; text: string; expected: string }>([
    { title: 'that is there', want: { block: 'a' }, text: block, expected: 'same' },
    { title: 'that is there, given with a newline', want: { block: 'a\n' }, text: block, expected: 'same' },
    {
      title: 'that is there without a last newline',
      want: { block: 'a' },
      text: '# BEGIN\na\n# END',
      expected: 'same',
    },
    { title: 'of zero', want: { block: '0' }, text: '# BEGIN\n0\n# END\n', expected: 'same' },
    { title: 'in an empty file', want: { block: 'a' }, text: '', expected: block },
    { title: 'at the end', want: { block: 'a' }, text: 'x', expected: `x\n${block}` },
    { title: 'at the beginning', want: { block: 'a', insertbefore: 'BOF' }, text: 'x\n', expected: `${block}x\n` },
    {
      title: 'before a match',
      want: { block: 'a', insertbefore: '^COMMIT' },
      text: '*nat\nCOMMIT\n',
      expected: `*nat\n${block}COMMIT\n`,
    },
    { title: 'after a match', want: { block: 'a', insertafter: '^x' }, text: 'x\ny\n', expected: `x\n${block}y\n` },
    {
      title: 'with other lines',
      want: { block: 'b\nc' },
      text: `x\n${block}y\n`,
      expected: 'x\n# BEGIN\nb\nc\n# END\ny\n',
    },
    {
      title: 'where it is, wherever a new one would go',
      want: { block: 'a', insertafter: 'EOF' },
      text: `${block}y\n`,
      expected: 'same',
    },
    { title: 'once', want: { block: 'b' }, text: `${block}y\n${block}`, expected: '# BEGIN\nb\n# END\ny\n' },
    {
      title: 'beside one with another marker',
      want: { block: 'a' },
      text: '# BEGIN two\nb\n# END two\n',
      expected: `# BEGIN two\nb\n# END two\n${block}`,
    },
    { title: 'with an empty line in it', want: { block: 'a\n\nb' }, text: '', expected: '# BEGIN\na\n\nb\n# END\n' },
    { title: 'in a DOS file', want: { block: 'a' }, text: 'x\r\n', expected: 'x\r\n# BEGIN\r\na\r\n# END\r\n' },
    { title: 'removed', want: { state: 'absent', block: 'a' }, text: `x\n${block}y\n`, expected: 'x\ny\n' },
    { title: 'removed since it is empty', want: { block: '' }, text: `x\n${block}`, expected: 'x\n' },
    { title: 'removed since there is none', want: {}, text: block, expected: '' },
    { title: 'that never was', want: { state: 'absent' }, text: 'x', expected: 'same' },
  ])('$title', ({ want, text, expected }) => {
    expect(edited(want, text)).toBe(expected)
    if (expected !== 'same') expect(edited(want, expected)).toBe('same')
  })
})

test.each([
  ['a begin without an end', 'x\n# BEGIN\na\n', 'line 2 of /etc/x is the marker "# BEGIN" without its other half'],
  ['an end without a begin', 'x\n# END\n', 'line 2 of /etc/x is the marker "# END" without its other half'],
  [
    'a begin in a block',
    '# BEGIN\n# BEGIN\n# END\n',
    'line 1 of /etc/x is the marker "# BEGIN" without its other half',
  ],
])('%s is a failure rather than a guess about what belongs to the block', (_, text, message) => {
  expect(() => edited({ block: 'a' }, text)).toThrow(message)
})

test('a block that holds its own marker is refused, since it could never be found again', () => {
  expect(() => edited({ block: 'a\n# END' }, '')).toThrow('the block for /etc/x holds its own marker')
})

test('a file that is absent is created when that is asked for, is a failure otherwise, and holds no block', () => {
  expect(plan({ block: 'a', create: true }, ABSENT).changes).toMatchObject([
    { from: undefined, to: '# BEGIN\na\n# END\n' },
  ])
  expect(() => plan({ block: 'a' }, ABSENT)).toThrow('the file /etc/x does not exist')
  expect(plan({ state: 'absent' }, ABSENT).changes).toEqual([])
})

test('a secret block hides the whole difference', () => {
  const [change] = plan({ block: new Secret('key') }, fileOf('x\n', { mode: 0o600 })).changes
  expect(change).toMatchObject({ kind: 'write', secret: true })
})

test('two tasks with two markers are two resources', () => {
  expect(blockInFile.resource({ path: '/etc/x', marker: 'a {mark}' })).not.toBe(
    blockInFile.resource({ path: '/etc/x', marker: 'b {mark}' }),
  )
})
