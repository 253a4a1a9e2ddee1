import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bitsOf, fingerprintOf, formatPublicKey, keyTypeOf, parsePublicKey } from '../../../modules/ssh/openssh-key.ts'

const [ed25519 = '', rsa = '', ecdsa = ''] = readFileSync(
  new URL('../fixtures/openssh-keys.txt', import.meta.url),
  'utf8',
).split('\n')
const blob = ed25519.split(' ')[1] ?? ''

describe('a public key', () => {
  // As `ssh-keygen -l` prints them.
  test.each([
    {
      line: ed25519,
      type: 'ed25519',
      bits: 256,
      comment: 'anna@mm1',
      print: 'SHA256:xpcRe0qRUGjrOaQ4/5xfi70tDA/9AePVn+HKw/4+cyE',
    },
    {
      line: rsa,
      type: 'rsa',
      bits: 2048,
      comment: 'two words',
      print: 'SHA256:MEkIJyn1ljnal/IX7V04QX+Z9O+odJrgeuBhHfiB9gM',
    },
    { line: ecdsa, type: 'ecdsa', bits: 384, comment: '', print: 'SHA256:Vp7LKX/M/gTaD6FFYmJmpqcXgR7/sVLoXgbLkqp4G9o' },
  ])('of the type $type is read as ssh-keygen reads it', ({ line, type, bits, comment, print }) => {
    const key = parsePublicKey(line)
    if (!key) throw new Error('no key')
    expect([keyTypeOf(key), bitsOf(key), key.comment, fingerprintOf(key)]).toEqual([type, bits, comment, print])
    expect(formatPublicKey(key)).toBe(line.trim())
  })

  test.each([
    { title: 'no options', line: ed25519, options: '' },
    { title: 'blanks in front', line: `\t ${ed25519}`, options: '' },
    { title: 'flags', line: `restrict,no-pty ${ed25519}`, options: 'restrict,no-pty' },
    {
      title: 'quoted blanks and commas',
      line: `from="a, b",command="x \\"y\\" z"\t${ed25519}`,
      options: 'from="a, b",command="x \\"y\\" z"',
    },
  ])('is found behind $title', ({ line, options }) => {
    expect(parsePublicKey(line)).toEqual({ type: 'ssh-ed25519', blob, comment: 'anna@mm1', options })
  })

  test.each([
    { title: 'an empty line', line: '' },
    { title: 'a comment', line: `# ${ed25519}` },
    { title: 'words', line: 'not a key at all' },
    { title: 'a key of another type than it says', line: `ssh-rsa ${blob}` },
    { title: 'a key that was cut off', line: ed25519.slice(0, 30) },
    { title: 'a quote that is never closed', line: `from="a ${ed25519}` },
  ])('is not in $title', ({ line }) => {
    expect(parsePublicKey(line)).toBeUndefined()
  })
})
