import { describe, expect, test } from 'vitest'
import { FramePair } from '../../engine/remote/frame-pair.ts'
import { LineCutter } from '../../engine/remote/line-cutter.ts'
import fc from '../property.ts'

function linesOf(...chunks: string[]): string[] {
  const lines: string[] = []
  const cutter = new LineCutter((line) => lines.push(line))
  for (const chunk of chunks) cutter.add(Buffer.from(chunk))
  cutter.end()
  return lines
}

describe('a cutter of lines', () => {
  test.each([
    ['nothing', [], []],
    ['a line', ['one\n'], ['one']],
    ['an empty line', ['\n'], ['']],
    ['a line without its end', ['one\ntwo'], ['one', 'two']],
    ['a line in pieces', ['o', 'n', 'e\ntw', 'o\n'], ['one', 'two']],
    ['line ends of Windows', ['one\r\ntwo\r', '\n'], ['one', 'two']],
    ['what stands in the end, when a program writes over its line', ['10%\r5', '0%\r100%\ndone\n'], ['100%', 'done']],
    ['the same in pieces', ['10%', '\r', '20%\n'], ['20%']],
    ['bytes that are no text', [Buffer.from([0x66, 0xff, 0x0a]).toString('latin1')], ['fÿ']],
  ])('tells %s', (_title, chunks, lines) => expect(linesOf(...chunks)).toEqual(lines))

  test('tells the same wherever the chunks are cut', () => {
    const piece = fc.constantFrom('a', 'b c', '\n', '\r', '\r\n', 'é', '')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (parts) => {
        expect(linesOf(...parts)).toEqual(linesOf(parts.join('')))
      }),
    )
  })

  test('cuts what is too long, and ends with a word about it when there is too much', () => {
    expect(linesOf(`${'x'.repeat(5000)}\n`, 'next\n')).toEqual([`${'x'.repeat(4096)}…`, 'next'])
    const many = linesOf('x\n'.repeat(5000))
    expect([many.length, many.at(-2), many.at(-1)]).toEqual([1001, 'x', '… and more, not shown'])
  })
})

describe('a frame that somebody listens to', () => {
  const nonce = '0123456789abcdef0123456789abcdef'
  const mark = `\n${nonce} 0 0\n`

  function heard(...chunks: string[]): { told: string[][]; stdout: string | undefined } {
    const told: string[][] = []
    let lines: string[] = []
    const pair = new FramePair(nonce)
    pair.expect(100_000, (_stream, line) => lines.push(line))
    pair.push('stderr', Buffer.from(mark))
    let stdout: string | undefined
    for (const chunk of chunks) {
      stdout = pair.push('stdout', Buffer.from(chunk)).frames[0]?.stdout.toString()
      told.push(lines)
      lines = []
    }
    return { told, stdout }
  }

  test('tells a line with the chunk that ends it, though its end may begin the mark', () => {
    expect(heard('one\n', 'two\n', mark)).toEqual({ told: [['one'], ['two'], []], stdout: 'one\ntwo\n' })
    expect(heard('one\n', mark)).toEqual({ told: [['one'], []], stdout: 'one\n' })
    expect(heard('one', mark)).toEqual({ told: [[], ['one']], stdout: 'one' })
    expect(heard('one\n', '\n', 'two', mark).told.flat()).toEqual(['one', '', 'two'])
    expect(heard(mark).told.flat()).toEqual([])
  })

  test('tells nothing of the mark, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(fc.constantFrom('', 'a', 'a\n', '\na\n\n', 'a\nb'), fc.array(fc.nat(60)), (output, cuts) => {
        const text = output + mark
        const places = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length]
        const { told, stdout } = heard(...places.slice(1).map((end, at) => text.slice(places[at], end)))
        expect(told.flat()).toEqual(linesOf(output))
        expect(stdout).toBe(output)
      }),
    )
  })
})
