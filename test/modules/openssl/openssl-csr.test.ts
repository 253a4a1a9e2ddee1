import { describe, expect, test } from 'vitest'
import { opensslCsr } from '../../../modules/openssl/openssl-csr.ts'
import { ABSENT, file, folder, keyOf, openssl, pem, says } from '../certificates.ts'

type Want = Parameters<typeof opensslCsr.plan>[0]

const WANT: Want = { key: '/etc/tls/k.key', cn: 'mm1', san: ['mm1.test', '10.0.0.1', 'localhost'] }
const THERE = {
  ...{ file: file(pem('k.csr')), folders: [folder(), folder()], tool: openssl },
  ...{ key: keyOf('k.csr'), made: says(pem('weak.csr')) },
}

function plan(want: Partial<Want>, have: object) {
  return opensslCsr.plan({ ...WANT, ...want }, { ...THERE, ...have } as never)
}

describe('openssl-csr', () => {
  test.each<{
    title: string
    want?: Partial<Want>
    have?: { file?: object; made?: object }
    from: string | undefined
    to?: string
  }>([
    { title: 'is missing', have: { file: ABSENT }, from: undefined },
    { title: 'is empty', have: { file: file('') }, from: 'a request that is none' },
    {
      title: 'belongs to another key',
      have: { file: file(pem('weak.csr')), made: says(pem('k.csr')) },
      from: 'a request that belongs to another key',
    },
    {
      title: 'is for others',
      want: { san: ['mm1.test'] },
      from: 'a request that is for 10.0.0.1, localhost too',
      to: 'CN=mm1 for mm1.test',
    },
    {
      title: 'has another subject',
      want: { cn: 'x' },
      from: 'a request that is for CN=mm1',
      to: 'CN=x for 10.0.0.1, localhost, mm1.test',
    },
    {
      title: 'lacks an organization',
      want: { subject: { o: 'O' } },
      from: 'a request that is for CN=mm1',
      to: 'O=O, CN=mm1 for 10.0.0.1, localhost, mm1.test',
    },
  ])(
    'makes a request where one $title',
    ({ want = {}, have = {}, from, to = 'CN=mm1 for 10.0.0.1, localhost, mm1.test' }) => {
      expect(plan(want, have).changes).toMatchObject([
        { kind: 'request', what: '/etc/tls/k.csr', from, to, text: pem(have.made ? 'k.csr' : 'weak.csr') },
      ])
    },
  )

  test('keeps one that says what is asked for, in any order, and knows it', () => {
    const { changes, result } = plan({ san: ['localhost', 'MM1.test', '10.0.0.1'] }, {})
    expect(changes).toEqual([])
    expect(result).toMatchObject({ path: '/etc/tls/k.csr', csr: pem('k.csr') })
  })

  test('knows a request before it is written', () => {
    expect(plan({}, { file: ABSENT }).result?.csr).toBe(pem('weak.csr'))
  })

  test.each([
    { title: 'no key', have: { key: says(''), made: says('') }, message: '/etc/tls/k.key is no key' },
    { title: 'no openssl', have: { tool: ABSENT }, message: 'the host has no openssl' },
    { title: 'a link', have: { file: { ...file(''), type: 'link' } }, message: 'is a link' },
  ])('refuses $title', ({ have, message }) => {
    expect(() => plan({}, have)).toThrow(message)
  })

  test('gives each request its own file beside the key, or the one that is named', () => {
    const resource = (rest: Partial<Want>) => opensslCsr.resource({ ...WANT, ...rest })
    expect(resource({})).toBe('file:/etc/tls/k.csr')
    expect(resource({ key: '/etc/tls/k' })).toBe('file:/etc/tls/k.csr')
    expect(resource({ path: '/etc/other' })).toBe('file:/etc/other')
  })
})
