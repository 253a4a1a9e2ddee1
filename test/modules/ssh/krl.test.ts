import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EMPTY_KRL, type Krl, krlLines, type Range, union } from '../../../modules/ssh/krl.ts'
import { formatKrl, parseKrl } from '../../../modules/ssh/krl-file.ts'
import { wire } from '../../../modules/ssh/openssh-wire.ts'
import fc from '../../property.ts'

const captured = readFileSync(new URL('../fixtures/openssh-krl.bin', import.meta.url))
const lines = (krl: Krl | undefined) => krl && krlLines(krl, (blob) => blob.slice(-6))

const LINES = [
  'key QekHMN',
  'key SHA256:HUN25Qk55f3RuRr8peDRFaRu23iDjyZ/I6rvgqZVzCo, by its fingerprint',
  'certificates with the id "wild" of any CA',
  `certificate 5 of the CA`,
  `certificate 7-20 of the CA`,
  `certificates with the id "bob" of the CA`,
]

describe('a list of revoked keys', () => {
  test('says what ssh-keygen has put into it', () => {
    const said = lines(parseKrl(captured))?.map((line) =>
      line.replace(/(of the CA) .*/, '$1').replace(/^key \S{6}$/, 'key QekHMN'),
    )
    expect(said).toEqual(LINES)
  })

  test('is the same list when it was written and read again', () => {
    const krl = parseKrl(captured)
    expect(krl && lines(parseKrl(formatKrl(krl)))).toEqual(lines(krl))
  })

  test.each([
    { title: 'nothing', bytes: Buffer.alloc(0) },
    { title: 'text', bytes: Buffer.from('ssh-ed25519 AAAA\n') },
    { title: 'a list that is cut off', bytes: captured.subarray(0, 100) },
    {
      title: 'a section that nobody knows',
      bytes: Buffer.concat([formatKrl(EMPTY_KRL), wire.byte(99), wire.string('x')]),
    },
  ])('is not found in $title', ({ bytes }) => {
    expect(parseKrl(bytes)).toBeUndefined()
  })

  test('reads serial numbers as bits too', () => {
    const bitmap = Buffer.concat([wire.uint64(100n), wire.string(Buffer.from([0b101, 0b1]))])
    const part = Buffer.concat([wire.string(''), wire.string(''), wire.byte(0x22), wire.string(bitmap)])
    const bytes = Buffer.concat([formatKrl(EMPTY_KRL), wire.byte(1), wire.string(part)])
    expect(lines(parseKrl(bytes))).toEqual([
      'certificate 100 of any CA',
      'certificate 108 of any CA',
      'certificate 110 of any CA',
    ])
  })

  const range = fc.tuple(fc.bigInt(1n, 40n), fc.bigInt(0n, 5n)).map(([from, more]): Range => [from, from + more])
  const some = fc.record({ ranges: fc.array(range), ids: fc.array(fc.string({ minLength: 1 })) }).map(
    ({ ranges, ids }): Krl => ({
      ...EMPTY_KRL,
      authorities: new Map([['', { serials: ranges, identities: new Set(ids) }]]),
    }),
  )

  test('refuses the same whatever the order in which it came together', () => {
    fc.assert(
      fc.property(some, some, (one, other) => {
        const together = union(union(EMPTY_KRL, one), other)
        expect(lines(parseKrl(formatKrl(union(union(EMPTY_KRL, other), one))))).toEqual(lines(together))
        expect(lines(union(together, one))).toEqual(lines(together))
      }),
    )
  })
})
