import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../engine/resource/secret.ts'
import { parseAnswer } from '../../modules/curl.ts'
import { http } from '../../modules/http.ts'

const redirect = readFileSync(new URL('fixtures/http-redirect.txt', import.meta.url))
const headers = redirect.indexOf('{')
const printed = (status: number, size: number, output: Buffer | string) =>
  Buffer.concat([Buffer.from(output), Buffer.from(`\nlockstep-http ${status} ${size}`)])

describe('an answer of curl', () => {
  test('is the last one when another leads to it', () => {
    const answer = parseAnswer(printed(200, headers, redirect))
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-two': 'a, b', 'content-length': '139' },
      json: { method: 'GET', path: '/echo' },
    })
    expect(answer?.headers.location).toBeUndefined()
  })

  test.each([
    ['without a body', 'HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    ['with a body like headers', 'HTTP/2 200 \r\n\r\nHTTP/1.1 500 no\r\n\r\nx', 200, 'HTTP/1.1 500 no\r\n\r\nx'],
    ['with our mark in its body', 'HTTP/1.1 200 OK\r\n\r\n\nlockstep-http 1 2\n', 200, '\nlockstep-http 1 2\n'],
  ])('%s keeps it apart', (_, output, status, body) => {
    const size = output.indexOf('\r\n\r\n') + 4
    expect(parseAnswer(printed(status, size, output))).toEqual({ status, headers: {}, body, json: null })
  })

  test('is none when curl has printed nothing', () => {
    expect(parseAnswer(Buffer.alloc(0))).toBeUndefined()
  })

  test('has no JSON when the body only pretends to be', () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n'
    expect(parseAnswer(printed(200, head.length, `${head}{"broken`))?.json).toBeNull()
    expect(parseAnswer(printed(200, head.length, `${head}0`))?.json).toBe(0)
  })
})

describe('http', () => {
  test.each([
    ['GET', true],
    ['HEAD', true],
    ['POST', undefined],
    ['DELETE', undefined],
  ] as const)('with %s only looks: %s', (method, looks) => {
    const decision = http.decide({ url: 'http://h/', method }, {})
    expect(decision).toMatchObject({ due: true, what: `${method} http://h/` })
    expect('looks' in decision ? decision.looks : undefined).toBe(looks)
  })

  test('refuses a header that would become two', () => {
    expect(http.decide({ url: 'http://h/', headers: { a: new Secret('x\r\nb: y') } }, {})).toEqual({
      due: false,
      failure: 'a header has a line break in its value',
    })
  })

  test('gives no argument and no readable text to the host but what is piped', () => {
    const command = http.run?.({
      url: new Secret('https://h/hook/sesame'),
      headers: { 'X-Token': new Secret('sesame') },
      method: 'POST',
      json: { key: new Secret('sesame'), list: [0, null] },
    })
    expect([command].flat().map((one) => one?.text.replace(/[A-Za-z0-9+/=]{40,}/g, '…'))).toEqual([
      expect.stringMatching(
        /^printf %s … \| base64 -d \| \{ exec 4<&0; printf %s … \| base64 -d \| \{ exec curl -q -K -\n\}\n\}$/,
      ),
    ])
    expect(JSON.stringify(http.decide({ url: new Secret('https://h/hook/sesame') }, {}))).not.toContain('sesame')
  })

  const answered = (status: number, body: string) => {
    const head = `HTTP/1.1 ${status} x\r\n\r\n`
    return { code: 0, stdout: printed(status, head.length, head + body), stderr: Buffer.alloc(0) }
  }

  test.each([
    [{}, answered(200, ''), undefined],
    [{}, answered(503, 'busy'), 'GET http://h/ answered 503, not 200'],
    [{ status: 503 }, answered(503, ''), undefined],
    [{ status: [200, 204] }, answered(404, ''), 'GET http://h/ answered 404, not 200 or 204'],
    [{ expect: '^ok$' }, answered(200, 'well\nok\n'), undefined],
    [{ expect: '^ok$' }, answered(200, ''), 'GET http://h/ answered 200 with a body that does not match ^ok$'],
  ])('with %j judges the answer', (args, outcome, failure) => {
    expect(http.conclude?.({ url: 'http://h/', ...args }, outcome).failure).toBe(failure)
  })

  test('says what curl says, and that it is missing', () => {
    const refused = { code: 7, stdout: Buffer.alloc(0), stderr: Buffer.from('curl: (7) Failed to connect\n') }
    expect(http.conclude?.({ url: 'http://h/' }, refused).failure).toBe('GET http://h/: curl: (7) Failed to connect')
    const missing = { code: 127, stdout: Buffer.alloc(0), stderr: Buffer.from('sh: curl: not found\n') }
    expect(http.conclude?.({ url: 'http://h/' }, missing).hint).toBe('install the package curl')
  })
})
