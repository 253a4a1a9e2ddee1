import { describe, expect, test } from 'vitest'
import { opensslVerify } from '../../../modules/openssl/openssl-verify.ts'
import { ABSENT, file, folder, keyOf, on, pem, says } from '../certificates.ts'

type Want = Parameters<typeof opensslVerify.decide>[0]

const WANT: Want = { cert: '/c.pem', ca: '/ca.pem' }
const FINE = { cert: file(pem('ca/issued/mm1.pem')), ca: file(pem('ca/ca.pem')), signer: on('2026-12-01') }
const WEAK = { ...FINE, cert: file(pem('other/issued/weak.pem')), ca: file(pem('other/ca.pem')) }
const BELOW = { ...FINE, cert: file(pem('below/issued/mm1.pem') + pem('below/ca.pem')) }

function decide(want: Partial<Want>, have: object) {
  return opensslVerify.decide({ ...WANT, ...want }, { ...FINE, ...have } as never)
}

describe('openssl-verify', () => {
  test.each<{ title: string; want?: Partial<Want>; have?: object }>([
    { title: 'a leaf of a root' },
    { title: 'its key', want: { key: '/k' }, have: { key: keyOf('k.csr') } },
    { title: 'its names, however they are spelled', want: { names: ['MM1.test', 'fd00:0::1', '10.0.0.1'] } },
    { title: 'enough days', want: { min_days: 84 } },
    { title: 'a chain over a CA below another', want: { usages: ['serverAuth'] }, have: BELOW },
    {
      title: 'a CA below another among those that are trusted',
      want: { usages: ['serverAuth'] },
      have: { ...BELOW, cert: file(pem('below/issued/mm1.pem')), ca: file(pem('below/ca.pem')) },
    },
    { title: 'one of several that are trusted', have: { ca: file(pem('other/ca.pem') + pem('ca/ca.pem')) } },
    {
      title: 'a wildcard, and weaknesses that are put up with',
      want: { names: ['a.example.com'], allow: ['rsa-1024', 'sha1'] },
      have: WEAK,
    },
    { title: 'the certificate itself among those that are trusted', have: { ca: FINE.cert } },
  ])('is content with $title', ({ want = {}, have = {} }) => {
    expect(decide(want, have)).toMatchObject({ due: false, result: { passed: true, faults: [] } })
    expect(decide(want, have)).not.toHaveProperty('failure')
  })

  test.each<{ title: string; want?: Partial<Want>; have?: object; faults: string[] }>([
    { title: 'no certificate', have: { cert: ABSENT }, faults: ['/c.pem does not exist'] },
    { title: 'an empty file', have: { cert: file('') }, faults: ['/c.pem holds no certificate'] },
    { title: 'a folder', have: { cert: folder() }, faults: ['/c.pem is not a file but a directory'] },
    { title: 'nothing that is trusted', have: { ca: ABSENT }, faults: ['/ca.pem does not exist'] },
    {
      title: 'another CA',
      have: { ca: file(pem('other/ca.pem')) },
      faults: ['no certificate that is trusted has signed it'],
    },
    {
      title: 'a chain with a gap',
      want: { usages: ['serverAuth'] },
      have: { cert: file(pem('below/issued/mm1.pem')) },
      faults: ['no certificate that is trusted has signed it'],
    },
    { title: 'one usage of two', have: BELOW, faults: ['it is not for clientAuth'] },
    {
      title: 'another key',
      want: { key: '/k' },
      have: { key: keyOf('weak.csr') },
      faults: ['it does not belong to the key /k'],
    },
    { title: 'no key', want: { key: '/k' }, have: { key: says('') }, faults: ['/k is no key that can be read'] },
    {
      title: 'other names',
      want: { names: ['mm1.test', 'x.mm1.test', '10.0.0.2'] },
      faults: ['it is not for x.mm1.test, 10.0.0.2'],
    },
    {
      title: 'a name two labels below a wildcard',
      want: { names: ['a.b.example.com', 'example.com'], allow: ['rsa-1024', 'sha1'] },
      have: WEAK,
      faults: ['it is not for a.b.example.com, example.com'],
    },
    { title: 'few days', want: { min_days: 85 }, faults: ['it ends on 2027-02-23, within 85 days'] },
    { title: 'its end', have: { signer: on('2027-02-24') }, faults: ['it ended on 2027-02-23'] },
    {
      title: 'a CA that has ended',
      have: { signer: on('2037-01-01') },
      faults: ['the CA above it has ended', 'it ended on 2027-02-23'],
    },
    {
      title: 'a time to come',
      have: { signer: on('2026-11-20') },
      faults: ['the CA above it is not valid yet', 'it is not valid before 2026-11-25'],
    },
    { title: 'weaknesses', have: WEAK, faults: ['the key, rsa of 1024 bits, is weak'] },
    { title: 'a weak signature', want: { allow: ['rsa-1024'] }, have: WEAK, faults: ['a signature with sha1 is weak'] },
    {
      title: 'no clock',
      have: { signer: says('') },
      faults: ['the CA above it is not valid yet', 'the host does not tell its time'],
    },
  ])('complains of $title', ({ want = {}, have = {}, faults }) => {
    const verdict = `/c.pem will not do: ${faults.join('; ')}`
    expect(decide(want, have)).toEqual({ due: false, failure: verdict, result: { passed: false, verdict, faults } })
  })

  test('says until when all is fine', () => {
    expect(decide({}, {})).toMatchObject({ result: { verdict: '/c.pem is fine until 2027-02-23', days_left: 84 } })
  })
})
