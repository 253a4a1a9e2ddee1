import { describe, expect, test } from 'vitest'
import { printable, printableLine } from '../../engine/report/printable.ts'
import fc from '../property.ts'

describe('printable text', () => {
  test.each([
    { title: 'keeps plain text', from: 'net.ipv4.ip_forward = 1', to: 'net.ipv4.ip_forward = 1' },
    { title: 'keeps nothing as nothing', from: '', to: '' },
    { title: 'keeps lines and tabs', from: 'a\n\tb\n', to: 'a\n\tb\n' },
    { title: 'keeps other scripts and pictures', from: 'Größe 大 🐧 שלום', to: 'Größe 大 🐧 שלום' },
    { title: 'drops colours', from: '\u001b[31mred\u001b[0m', to: 'red' },
    { title: 'drops the title of a window', from: '\u001b]0;owned\u0007prompt', to: 'prompt' },
    { title: 'marks an escape that begins nothing', from: 'a\u001b', to: 'a␛' },
    { title: 'marks what would overwrite a line', from: 'ok\rfailed\b\b', to: 'ok␍failed␈␈' },
    { title: 'marks the bell, NUL and DEL', from: '\u0007\0\u007f', to: '␇␀␡' },
    { title: 'shows the line ends of another system', from: 'a\r\nb', to: 'a␍\nb' },
    { title: 'marks turned writing', from: 'user\u202egnp.exe\u2066', to: 'user‹U+202E›gnp.exe‹U+2066›' },
    { title: 'marks what has no width', from: 'pay\u200bpal\ufeff', to: 'pay‹U+200B›pal‹U+FEFF›' },
    { title: 'marks a control sequence of eight bits', from: '\u0085', to: '‹U+0085›' },
  ])('$title', ({ from, to }) => {
    expect(printable(from)).toBe(to)
  })

  test('holds no control character whatever a host sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(printable(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
      }),
    )
  })

  test('stays on one line when asked to', () => {
    expect(printableLine('a\nb\tc')).toBe('a␤b c')
  })
})
