import { describe, expect, test } from 'vitest'
import { Secret } from '../../../engine/resource/secret.ts'
import { consulCanary } from '../../../modules/consul/consul-canary.ts'
import { parseAnswers, printedAnswer } from '../../../modules/curl.ts'

const key = 'lockstep/canary/6f0c'
const yes = printedAnswer(200, 'true')
const pair = (value: string) =>
  printedAnswer(200, JSON.stringify([{ Key: key, Value: Buffer.from(value).toString('base64') }]))

function failure(answers: Buffer[]): string | undefined {
  return consulCanary.conclude?.({}, { code: 0, stdout: Buffer.concat(answers), stderr: Buffer.alloc(0) }).failure
}

describe('a canary', () => {
  test.each([
    ['all is well', [yes, pair(key), yes], undefined],
    [
      'nothing is written',
      [printedAnswer(500, 'No cluster leader'), printedAnswer(500, 'x'), yes],
      'a key could not be written through http://127.0.0.1:8500: it answered 500: No cluster leader',
    ],
    [
      'the write is refused',
      [printedAnswer(200, 'false'), pair(key), yes],
      'a key could not be written through http://127.0.0.1:8500: it answered something else than was written',
    ],
    [
      'another value comes back',
      [yes, pair('other'), yes],
      'a key could not be read back through http://127.0.0.1:8500: it answered something else than was written',
    ],
    [
      'nothing comes back',
      [yes, printedAnswer(404, ''), yes],
      'a key could not be read back through http://127.0.0.1:8500: it answered 404',
    ],
    [
      'the key stays',
      [yes, pair(key), printedAnswer(403, 'Permission denied')],
      'a key could not be deleted through http://127.0.0.1:8500: it answered 403: that takes a valid token with key:write on lockstep/canary/',
    ],
    ['there is no answer', [], 'a key could not be written through http://127.0.0.1:8500: curl ended with exit code 0'],
  ])('when %s', (_, answers, sentence) => {
    expect(failure(answers)).toBe(sentence)
  })

  test('writes another key each time, and its token is in no argument', () => {
    const texts = [1, 2].map(() => [consulCanary.run?.({ token: new Secret('sesame-token') })].flat()[0]?.text ?? '')
    expect(texts[0]).not.toBe(texts[1])
    expect(texts[0]).toMatch(/^printf %s \S+ \| base64 -d \| \{ exec curl -q -K -\n\}$/)
    expect(texts[0]).not.toContain('sesame')
  })
})

test('answers are told apart by their sizes, whatever they hold', () => {
  const bodies = ['', 'a\nlockstep-http 200 1\n', '\n\n', 'é']
  const output = Buffer.concat([Buffer.from('before'), ...bodies.map((body) => printedAnswer(200, body))])
  expect(parseAnswers(output)).toEqual({ answers: bodies.map((body) => ({ status: 200, body })), begin: 6 })
  expect(parseAnswers(Buffer.from('\nlockstep-http 200 99\n'))).toEqual({ answers: [], begin: 22 })
})
