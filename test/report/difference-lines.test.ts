import { describe, expect, test } from 'vitest'
import { coloursFor } from '../../engine/report/colours.ts'
import { differenceLines } from '../../engine/report/difference-lines.ts'
import type { Difference } from '../../engine/report/event.ts'

const style = { colours: coloursFor(false), most: 40 }

function lines(difference: Partial<Difference>, most = 40): string[] {
  const whole = {
    kind: 'set',
    what: '/etc/x',
    form: 'value',
    before: undefined,
    after: undefined,
    ...difference,
  } as const
  return differenceLines(whole, { ...style, most })
}

describe('a difference', () => {
  test.each<[string, Partial<Difference>, string]>([
    ['from one value to another', { before: '0', after: '1' }, '/etc/x: 0 → 1'],
    ['of something that is not there', { after: '1' }, '/etc/x: absent → 1'],
    ['of something that goes', { before: '1' }, '/etc/x: 1 → absent'],
    ['of empty text', { before: '', after: '1' }, '/etc/x: (empty) → 1'],
    ['without sides', { kind: 'reload', what: 'systemd' }, 'systemd: reload'],
    ['known after apply', { before: '1', after: '‹known after apply›' }, '/etc/x: 1 → ‹known after apply›'],
    ['of bytes', { form: 'bytes', before: '12 bytes', after: '13 bytes' }, '/etc/x: 12 bytes → 13 bytes'],
    ['of a secret', { form: 'hidden', before: 'x', after: 'x' }, '/etc/x: differs, not shown'],
    ['of a new secret', { form: 'hidden', after: 'x' }, '/etc/x: new, not shown'],
    ['with an escape sequence', { before: '\u001b[2Ja', after: 'b\n' }, '/etc/x: a → b␤'],
  ])('%s', (_title, difference, line) => expect(lines(difference)).toEqual([line]))

  test('of texts is unified, with three lines around it', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\n'
    expect(lines({ form: 'text', before, after: before.replace('e', 'E') })).toEqual([
      '/etc/x',
      '  @@ -2,6 +2,6 @@',
      '   b',
      '   c',
      '   d',
      '  -e',
      '  +E',
      '   f',
      '   g',
    ])
  })

  test('of a new text shows all of it', () => {
    expect(lines({ form: 'text', after: 'a\nb\n' })).toEqual(['/etc/x: new', '  +a', '  +b'])
  })

  test('of a text that goes shows what goes', () => {
    expect(lines({ form: 'text', before: 'a\n' })).toEqual(['/etc/x: goes', '  -a'])
  })

  test('in the last line end alone can be seen', () => {
    expect(lines({ form: 'text', before: 'a\nb', after: 'a\nb\n' })).toEqual([
      '/etc/x',
      '  @@ -1,2 +1,2 @@',
      '   a',
      '  -b',
      '  \\ No newline at end of file',
      '  +b',
    ])
  })

  test('that is long is cut and says so', () => {
    const after = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('')
    const shown = lines({ form: 'text', after }, 2)
    expect(shown).toEqual(['/etc/x: new', '  +line 0', '  +line 1', '  … 98 more lines (--diff shows all)'])
  })

  test('of texts that share nothing is told by their sizes', () => {
    const many = (word: string) => Array.from({ length: 6000 }, (_, index) => `${word} ${index}\n`).join('')
    expect(lines({ form: 'text', before: many('a'), after: many('b') })).toEqual([
      '/etc/x: 6000 lines → 6000 lines, too different to show',
    ])
  })
})
