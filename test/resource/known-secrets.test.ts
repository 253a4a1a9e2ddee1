import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { quote } from '../../engine/resource/command.ts'
import { KnownSecrets } from '../../engine/resource/known-secrets.ts'
import { HIDDEN, Secret } from '../../engine/resource/secret.ts'
import fc from '../property.ts'

function knowing(...texts: (string | number)[]): KnownSecrets {
  const secrets = new KnownSecrets()
  for (const text of texts) secrets.add(new Secret(text))
  return secrets
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const KEY = `-----BEGIN KEY-----\n${'q'.repeat(40)}\n${'r'.repeat(40)}\n-----END KEY-----\n`

describe('known secrets', () => {
  test.each<{ title: string; secrets: (string | number)[]; text: string; hidden: string }>([
    { title: 'no text', secrets: ['sesame'], text: '', hidden: '' },
    { title: 'a text without them', secrets: ['sesame'], text: 'nothing here', hidden: 'nothing here' },
    { title: 'a secret alone', secrets: ['sesame'], text: 'sesame', hidden: HIDDEN },
    { title: 'every occurrence', secrets: ['sesame'], text: 'a sesame, sesame.', hidden: `a ${HIDDEN}, ${HIDDEN}.` },
    { title: 'one inside another word', secrets: ['sesame'], text: 'opensesame!', hidden: `open${HIDDEN}!` },
    { title: 'neighbours as one', secrets: ['open', 'sesame'], text: 'opensesame', hidden: HIDDEN },
    { title: 'overlapping ones as one', secrets: ['abcdef', 'defghi'], text: 'xabcdefghix', hidden: `x${HIDDEN}x` },
    { title: 'the longer of two', secrets: ['pass', 'passphrase'], text: 'a passphrase', hidden: `a ${HIDDEN}` },
    {
      title: 'one that another begins with',
      secrets: ['abcdefghij', 'abcdefgh'],
      text: 'abcdefgh!',
      hidden: `${HIDDEN}!`,
    },
    { title: 'a number of six digits', secrets: [123456], text: 'pin 123456', hidden: `pin ${HIDDEN}` },
    { title: 'no port', secrets: [5432, '8080'], text: '5432 8080', hidden: '5432 8080' },
    { title: 'nothing shorter than four', secrets: ['abc', ''], text: 'abc', hidden: 'abc' },
    { title: 'no everyday word', secrets: ['true', 'root'], text: 'root: true', hidden: 'root: true' },
    { title: 'JSON', secrets: ['a"b\\c\n'], text: '{"k":"a\\"b\\\\c\\n"}', hidden: `{"k":"${HIDDEN}"}` },
    { title: 'a quoted word of a shell', secrets: ["it's me"], text: quote("it's me"), hidden: `'${HIDDEN}'` },
    { title: 'an escaped word of a shell', secrets: ['a b$c'], text: 'x a\\ b\\$c', hidden: `x ${HIDDEN}` },
    {
      title: 'a URL',
      secrets: ['a b/ü'],
      text: '?p=a%20b%2F%C3%BC&q=a%20b%2f%c3%bc',
      hidden: `?p=${HIDDEN}&q=${HIDDEN}`,
    },
    { title: 'a form', secrets: ['a b/c'], text: 'p=a+b%2Fc', hidden: `p=${HIDDEN}` },
    { title: 'hexadecimal digits', secrets: ['sesame'], text: '736573616d65', hidden: HIDDEN },
    { title: 'Base64', secrets: ['sesame'], text: base64('sesame'), hidden: HIDDEN },
    { title: 'Base64 for URLs', secrets: ['~~~???'], text: 'fn5-Pz8_', hidden: HIDDEN },
    { title: 'a line of a key', secrets: [KEY], text: `  ${'r'.repeat(40)}\n`, hidden: `  ${HIDDEN}\n` },
    { title: 'no frame of a key', secrets: [KEY], text: '-----END KEY-----', hidden: '-----END KEY-----' },
    { title: 'a beginning that was cut', secrets: ['sesame-opens-it'], text: 'x sesame-o…', hidden: `x ${HIDDEN}…` },
    { title: 'a beginning at the end', secrets: ['sesame-opens-it'], text: 'x sesame-o', hidden: `x ${HIDDEN}` },
    { title: 'no beginning elsewhere', secrets: ['sesame-opens-it'], text: 'sesame-o x', hidden: 'sesame-o x' },
  ])('hide $title', ({ secrets, text, hidden }) => {
    expect(knowing(...secrets).hide(text)).toBe(hidden)
  })

  test('leave the inside of a longer Base64 unreadable, wherever they stand in it', () => {
    const secret = 'correct horse'
    for (const before of ['', 'u', 'us', 'usr', 'user:']) {
      const hidden = knowing(secret).hide(base64(`${before}${secret}@host`))
      expect(hidden).toContain(HIDDEN)
      const left = hidden.split(HIDDEN).map((part) => Buffer.from(part, 'base64').toString('latin1'))
      expect(left.some((part) => /corr|orse/.test(part))).toBe(false)
    }
  })

  test('hide what a shell prints of a secret, in each way of printing it', () => {
    const secret = `it's "5" $(x) \\ ü`
    const shown = execFileSync('bash', [
      '-c',
      'printf "%s\\n%q\\n" "$1" "$1"; printf %s "$1" | base64 -w0',
      '-',
      secret,
    ])
    expect(knowing(secret).hide(shown.toString())).not.toMatch(/5|\(x\)/)
  })

  test('know what was made of secrets, and nothing twice', () => {
    const secrets = knowing('sesame')
    secrets.addMade({ url: new Secret('http://u:sesame@h/'), list: [new Secret('EMASES')], plain: 'http' })
    expect(secrets.hide('http://u:sesame@h/ EMASES http')).toBe(`http://u:${HIDDEN}@h/ ${HIDDEN} http`)
  })

  test('hide every secret that they learn one by one', () => {
    const texts = Array.from({ length: 40 }, (_, index) => `secret-${index}-${index * 7919}`)
    const secrets = new KnownSecrets()
    for (const text of texts) {
      secrets.add(new Secret(text))
      expect(secrets.hide(`x ${text} y`)).toBe(`x ${HIDDEN} y`)
    }
    expect(secrets.hide(texts.join(' '))).toBe(texts.map(() => HIDDEN).join(' '))
  })

  test('leave none of any texts in any text', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abcd'), minLength: 4, maxLength: 12 })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), fc.array(word), (texts, around) => {
        const hidden = knowing(...texts).hide([...around, ...texts, ...around].join(''))
        expect(texts.filter((text) => hidden.includes(text))).toEqual([])
      }),
    )
  })
})
