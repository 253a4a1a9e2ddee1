import { describe, expect, test } from 'vitest'
import { readDer } from '../../../modules/openssl/der.ts'
import { parseCertificates, parsePublicKey, parseRequest } from '../../../modules/openssl/x509.ts'
import { canonicalNames, isNamed, subjectOption } from '../../../modules/openssl/x509-names.ts'
import { damaged, RUNS } from '../../fuzz.ts'
import fc from '../../property.ts'
import { pem } from '../certificates.ts'

describe('a certificate', () => {
  test.each([
    {
      name: 'ca/issued/mm1.pem',
      seen: {
        ...{
          subject: [
            ['O', 'Example'],
            ['CN', 'mm1'],
          ],
          names: ['10.0.0.1', 'fd00::1', 'localhost', 'mm1.test'],
        },
        ...{ usages: ['serverAuth', 'clientAuth'], digest: 'sha256', isAuthority: false, mayCertify: false },
      },
    },
    {
      name: 'ca/ca.pem',
      seen: {
        subject: [['CN', 'Example CA']],
        names: [],
        usages: undefined,
        isAuthority: true,
        pathLength: 1,
        mayCertify: true,
      },
    },
    { name: 'below/ca.pem', seen: { isAuthority: true, pathLength: 0 } },
    { name: 'other/issued/weak.pem', seen: { digest: 'sha1', names: ['*.example.com'], isAuthority: false } },
  ])('$name is read as openssl wrote it', ({ name, seen }) => {
    expect(parseCertificates(pem(name))).toMatchObject([seen])
  })

  test('is found among other texts, several in a file', () => {
    const text = `x\n${pem('ca/ca.pem').replaceAll('\n', '\r\n')}y${pem('k.csr')}${pem('below/ca.pem')}`
    expect(parseCertificates(text).map((one) => one.pem)).toEqual([pem('ca/ca.pem'), pem('below/ca.pem')])
    expect(parseCertificates('')).toEqual([])
  })

  test('and a request that are damaged are read as none, or as another, but always read', () => {
    const names = ['ca/issued/mm1.pem', 'below/ca.pem', 'k.csr', 'weak.csr']
    const text = damaged(names.map(pem), ['-----', 'AAAA', '\0', 'MII', '='])
    fc.assert(
      fc.property(text, (text) => {
        for (const { subject } of parseCertificates(text)) expect(Array.isArray(subject)).toBe(true)
        parseRequest(text)
        parsePublicKey(text)
      }),
      { numRuns: RUNS },
    )
  })
})

test.each([
  { title: 'nothing', hex: '', values: [] },
  { title: 'an empty value', hex: '0500', values: ['0500'] },
  { title: 'two values', hex: '020101020102', values: ['020101', '020102'] },
  { title: 'a long length', hex: `0481${'80'}${'00'.repeat(128)}`, values: [`0481${'80'}${'00'.repeat(128)}`] },
  { title: 'a value that is cut off', hex: '020201', values: undefined },
  { title: 'a length that is cut off', hex: '0482', values: undefined },
  { title: 'a length without bound', hex: '3080', values: undefined },
  { title: 'a length that no memory has', hex: '0485ffffffffff', values: undefined },
])('the bytes of $title are taken apart', ({ hex, values }) => {
  expect(readDer(Buffer.from(hex, 'hex'))?.map(({ whole }) => whole.toString('hex'))).toEqual(values)
})

test('names have one spelling and one order', () => {
  expect(canonicalNames(['B.test', 'a.test', 'FD00:0::1', '10.0.0.1', 'a.TEST'])).toEqual([
    ...['10.0.0.1', 'a.test', 'b.test', 'fd00::1'],
  ])
  expect(isNamed(['*.test'], 'a.test')).toBe(true)
  expect(isNamed(['*.0.0.1'], '10.0.0.1')).toBe(false)
  expect(
    subjectOption([
      ['O', 'a/b+c\\d'],
      ['CN', 'x'],
    ]),
  ).toBe(String.raw`/O=a\/b\+c\\d/CN=x`)
})
