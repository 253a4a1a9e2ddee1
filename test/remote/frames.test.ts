import { describe, expect, test } from 'vitest'
import { Collector } from '../../engine/remote/collector.ts'
import { FramePair } from '../../engine/remote/frame-pair.ts'
import { FrameSplitter } from '../../engine/remote/frames.ts'
import { RUNS } from '../fuzz.ts'
import fc from '../property.ts'

const NONCE = '0123456789abcdef0123456789abcdef'

/** Bytes that are likely to look like the beginning of a mark. */
const tricky = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc
    .constantFrom('', '\n', `\n${NONCE}`, `\n${NONCE.slice(0, 20)}`, `${NONCE} 1 0\n`, '\n\n', '\0')
    .map((text) => Buffer.from(text)),
)

const cutAt = (data: Buffer, cuts: readonly number[]) => {
  const places = [0, ...cuts.map((cut) => cut % (data.length + 1)).sort((a, b) => a - b), data.length]
  return places.slice(1).map((end, at) => data.subarray(places[at], end))
}

describe('the frame splitter', () => {
  test('gives back what went in, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(tricky, { maxLength: 4 }), { maxLength: 6 }),
        fc.array(fc.nat()),
        (outputs, cuts) => {
          const wanted = outputs.map((parts) => Buffer.concat(parts))
          // What no step can know, it cannot print: the nonce with its newline and its space.
          fc.pre(wanted.every((output) => !output.includes(`\n${NONCE} `)))
          const data = Buffer.concat(wanted.flatMap((output, at) => [output, Buffer.from(`\n${NONCE} ${at} 0\n`)]))
          const splitter = new FrameSplitter(NONCE)
          const found: Buffer[] = []
          let current: Buffer[] = []
          for (const chunk of cutAt(data, cuts)) {
            for (const piece of splitter.push(chunk)) {
              if (piece.kind === 'bytes') current.push(piece.bytes)
              if (piece.kind === 'mark') {
                expect(piece.words).toBe(`${found.length} 0`)
                found.push(Buffer.concat(current))
                current = []
              }
            }
          }
          expect(found.map((output) => output.toString('hex'))).toEqual(wanted.map((output) => output.toString('hex')))
          expect(current).toEqual([])
        },
      ),
    )
  })

  test('finds a mark that has no end', () => {
    const pieces = [...new FrameSplitter(NONCE).push(Buffer.from(`\n${NONCE} ${'x'.repeat(65)}`))]
    expect(pieces).toEqual([{ kind: 'broken' }])
  })

  test('finds a mark that is too long', () => {
    const pieces = [...new FrameSplitter(NONCE).push(Buffer.from(`a\n${NONCE} ${'x'.repeat(65)}\n`))]
    expect(pieces.map(({ kind }) => kind)).toEqual(['bytes', 'broken'])
  })

  test('keeps back no more than the beginning of a mark', () => {
    const splitter = new FrameSplitter(NONCE)
    expect([...splitter.push(Buffer.from(`abc\n${NONCE}`))]).toEqual([{ kind: 'bytes', bytes: Buffer.from('abc') }])
    expect([...splitter.push(Buffer.from('x'))]).toEqual([{ kind: 'bytes', bytes: Buffer.from(`\n${NONCE}x`) }])
  })
})

describe('the frame pair', () => {
  const mark = (words: string) => Buffer.from(`\n${NONCE} ${words}\n`)

  test('waits for the mark on both streams, in whatever order they come', () => {
    const pair = new FramePair(NONCE)
    pair.expect(100)
    pair.expect(100)
    expect(
      pair.push('stdout', Buffer.concat([Buffer.from('one'), mark('0 0'), Buffer.from('two'), mark('1 0')])),
    ).toEqual({ frames: [] })
    const { frames } = pair.push('stderr', Buffer.concat([mark('0 0'), Buffer.from('e'), mark('1 0')]))
    expect(frames.map(({ words, stdout, stderr }) => [words, stdout.toString(), stderr.toString()])).toEqual([
      ['0 0', 'one', ''],
      ['1 0', 'two', 'e'],
    ])
  })

  test('is broken when the streams disagree', () => {
    const pair = new FramePair(NONCE)
    pair.expect(100)
    pair.push('stdout', mark('0 0'))
    expect(pair.push('stderr', mark('0 1')).fault).toBe('broken')
  })

  test('is broken by a frame that nobody expects', () => {
    expect(new FramePair(NONCE).push('stdout', mark('0 0')).fault).toBe('broken')
  })

  test('drops what comes while nothing is expected', () => {
    const pair = new FramePair(NONCE)
    pair.push('stdout', Buffer.from('late words of some daemon'))
    pair.expect(100)
    pair.push('stdout', Buffer.concat([Buffer.from('mine'), mark('0 0')]))
    expect(pair.push('stderr', mark('0 0')).frames[0]?.stdout.toString()).toBe('mine')
  })

  test.each([
    [0, '', undefined],
    [0, 'x', 'overflow'],
    [3, 'abc', undefined],
    [3, 'abcd', 'overflow'],
  ])('holds %i bytes of stdout against %j', (limit, output, fault) => {
    const pair = new FramePair(NONCE)
    pair.expect(limit)
    expect(pair.push('stdout', Buffer.concat([Buffer.from(output), mark('0 0')])).fault).toBe(fault)
  })
})

test('whatever a host sends on both streams, there are frames in bounds or a fault', () => {
  const rubbish = fc.oneof(
    tricky,
    fc
      .tuple(fc.constantFrom(`\n${NONCE} `, `${NONCE} `, '\n'), fc.string({ maxLength: 70 }), fc.constantFrom('\n', ''))
      .map((parts) => Buffer.from(parts.join(''))),
    fc.nat(3).map((index) => Buffer.from(`\n${NONCE} ${index} 0\n`)),
  )
  const chunk = fc.tuple(fc.constantFrom('stdout' as const, 'stderr' as const), rubbish)
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 30 }), (chunks) => {
      const pair = new FramePair(NONCE)
      for (let expected = 0; expected < 3; expected++) pair.expect(200)
      let frames = 0
      for (const [stream, bytes] of chunks) {
        const got = pair.push(stream, Buffer.from(bytes))
        frames += got.frames.length
        for (const { stdout, words } of got.frames) {
          expect(stdout.length).toBeLessThanOrEqual(200)
          expect(words.length).toBeLessThanOrEqual(64)
        }
        if (got.fault) break
      }
      expect(frames).toBeLessThanOrEqual(3)
    }),
    { numRuns: 5 * RUNS },
  )
})

describe('a collector of the tail', () => {
  test('has the last bytes, however they came', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.integer({ min: 1, max: 30 }), (chunks, limit) => {
        const collector = new Collector(limit, 'tail')
        for (const chunk of chunks) collector.add(Buffer.from(chunk))
        const whole = Buffer.concat(chunks)
        expect(collector.take().toString('hex')).toBe(whole.subarray(Math.max(0, whole.length - limit)).toString('hex'))
        expect(collector.take()).toHaveLength(0)
      }),
    )
  })
})
