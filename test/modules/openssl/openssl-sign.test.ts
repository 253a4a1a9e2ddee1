import { createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { opensslSign } from '../../../modules/openssl/openssl-sign.ts'
import { ABSENT, file, folder, keyOf, on, openssl, pem, says } from '../certificates.ts'

type Want = Parameters<typeof opensslSign.plan>[0]

const san = ['fd00:0:0::1', 'localhost', 'MM1.test', '10.0.0.1']
const LEAF: Want = { dir: '/ca', csr: pem('k.csr'), cn: 'mm1', subject: { o: 'Example' }, san }
const SIGNED = {
  ...{ own: file(pem('ca/issued/mm1.pem')), ownKey: [], keyFile: [], folder: [], ownAbove: [] },
  ...{ issuer: [file(pem('ca/ca.pem'))], issuerKey: [keyOf('ca/ca.pem')], above: [ABSENT] },
  ...{ parentFolder: folder(), signer: on('2026-12-01'), tool: openssl },
}
const UNSIGNED = { ...SIGNED, own: ABSENT }

const ROOT: Want = { kind: 'root', dir: '/ca', cn: 'Example CA', path_length: 1 }
const NEW = {
  ...{ own: ABSENT, ownKey: [says('')], keyFile: [ABSENT], folder: [ABSENT], ownAbove: [] },
  ...{ issuer: [], issuerKey: [], above: [], parentFolder: folder(), signer: on('2026-12-01'), tool: openssl },
}
const MADE = {
  ...NEW,
  ...{ own: file(pem('ca/ca.pem')), ownKey: [keyOf('ca/ca.pem')], keyFile: [file('', 0o600)], folder: [folder()] },
}

const BELOW: Want = { kind: 'intermediate', dir: '/below', parent: '/ca', cn: 'Example CA below' }
const MADE_BELOW = {
  ...MADE,
  ...{ own: file(pem('below/ca.pem')), ownKey: [keyOf('below/ca.pem')], ownAbove: [file(pem('ca/ca.pem'))] },
  ...{ issuer: SIGNED.issuer, issuerKey: SIGNED.issuerKey, above: [ABSENT] },
}

function publicKey(name: string): string {
  return createPublicKey(pem(name)).export({ type: 'spki', format: 'pem' }).toString()
}

function plan(want: Want, have: object) {
  return opensslSign.plan(want, have as never)
}

function changes(want: Want, have: object): string[] {
  return plan(want, have).changes.map(({ kind, what, from, to }) => `${kind} ${what}: ${from ?? 'absent'} -> ${to}`)
}

const mm1 = (from: string, rest = '') => [
  `sign /ca/issued/mm1.pem: ${from} -> O=Example, CN=mm1 for 10.0.0.1, fd00::1, localhost, mm1.test; 90 days; by CN=Example CA${rest}`,
]

describe('a leaf', () => {
  test.each<{ title: string; want?: Partial<Want>; have?: object }>([
    { title: 'that says what is asked for' },
    { title: 'whose names are asked for in another order', want: { san: [...san].reverse() } },
    { title: 'whose usages are asked for in another order', want: { usages: ['clientAuth', 'serverAuth'] } },
    { title: 'whose digest is asked for', want: { digest: 'sha256' } },
    { title: 'that was made for fewer days', want: { days: 300, renew_before: 10 } },
    { title: 'a day before it is due', have: { signer: on('2027-01-23') } },
    {
      title: 'on its last day when it is never due before',
      want: { renew_before: 0 },
      have: { signer: on('2027-02-22') },
    },
  ])('is kept $title', ({ want, have }) => {
    expect(changes({ ...LEAF, ...want }, { ...SIGNED, ...have })).toEqual([])
  })

  test.each<{ title: string; want?: Partial<Want>; have?: object; from: string }>([
    { title: 'that is missing', have: { own: ABSENT }, from: 'absent' },
    { title: 'that is empty', have: { own: file('') }, from: 'a certificate that is none' },
    { title: 'that is due', have: { signer: on('2027-01-25') }, from: 'a certificate that ends on 2027-02-23' },
    { title: 'that has ended', have: { signer: on('2027-02-24') }, from: 'a certificate that ended on 2027-02-23' },
    {
      title: 'that is of a time to come',
      have: { signer: on('2026-11-25') },
      from: 'a certificate that is not valid before 2026-11-25',
    },
    {
      title: 'of another CA',
      have: { own: file(pem('below/issued/mm1.pem')) },
      from: 'a certificate that this CA has not signed',
    },
    { title: 'that is a CA', have: { own: file(pem('ca/ca.pem')) }, from: 'a certificate that belongs to another key' },
  ])('is signed anew $title', ({ want, have, from }) => {
    expect(changes({ ...LEAF, ...want }, { ...SIGNED, ...have })).toEqual(mm1(from))
  })

  test.each<{ title: string; want: Partial<Want>; expected: string }>([
    {
      title: 'other names',
      want: { san: ['mm1.test', 'new.test'] },
      expected: 'is not for new.test and is for 10.0.0.1, fd00::1, localhost too',
    },
    { title: 'no names', want: { san: [] }, expected: 'is for 10.0.0.1, fd00::1, localhost, mm1.test too' },
    { title: 'another subject', want: { subject: {} }, expected: 'is for O=Example, CN=mm1' },
    { title: 'one usage', want: { usages: ['serverAuth'] }, expected: 'is for serverAuth, clientAuth' },
    { title: 'another digest', want: { digest: 'sha512' }, expected: 'is signed with sha256' },
    { title: 'an earlier renewal', want: { renew_before: 88 }, expected: 'ends on 2027-02-23' },
  ])('is signed anew for $title', ({ want, expected }) => {
    const [change] = plan({ ...LEAF, ...want }, SIGNED).changes
    expect(change?.from).toBe(`a certificate that ${expected}`)
  })

  test('by a CA below another comes with that one in its chain, and with the root as what is trusted', () => {
    const want = { dir: '/below', csr: pem('k.csr'), cn: 'mm1', san: ['mm1.test'], usages: ['serverAuth' as const] }
    const have = {
      ...SIGNED,
      ...{ own: file(pem('below/issued/mm1.pem')), issuer: [file(pem('below/ca.pem'))] },
      ...{ issuerKey: [keyOf('below/ca.pem')], above: [file(pem('ca/ca.pem'))] },
    }
    expect(plan(want, have)).toEqual({
      changes: [],
      result: {
        path: '/below/issued/mm1.pem',
        certificate: pem('below/issued/mm1.pem'),
        chain: pem('below/issued/mm1.pem') + pem('below/ca.pem'),
        ca: pem('ca/ca.pem'),
        public_key: publicKey('below/issued/mm1.pem'),
        serial: expect.stringMatching(/^[0-9a-f]{32}$/),
        fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
        not_before: expect.stringMatching(/^2026-11-25T.*Z$/),
        not_after: expect.stringMatching(/^2027-02-23T.*Z$/),
        weaknesses: [],
      },
    })
  })

  test('tells what it will be only once it is signed, and what is trusted before', () => {
    const { result = {} } = plan(LEAF, UNSIGNED)
    for (const name of ['certificate', 'chain', 'serial', 'fingerprint', 'not_before', 'not_after'])
      expect(result[name]).toBeInstanceOf(Unknown)
    const public_key = publicKey('ca/issued/mm1.pem')
    expect(result).toMatchObject({ path: '/ca/issued/mm1.pem', ca: pem('ca/ca.pem'), public_key })
  })

  test('ends with its CA, which is said', () => {
    const { changes: found, warnings } = plan({ ...LEAF, days: 10000, renew_before: 10 }, UNSIGNED)
    expect(warnings).toEqual(['the CA in /ca ends on 2036-11-22, and what it signs with it'])
    expect(found[0]).toMatchObject({ order: { limit: expect.any(Number) } })
  })

  const WEAK: Want = {
    dir: '/ca',
    csr: pem('weak.csr'),
    cn: '*.example.com',
    name: 'weak',
    san: ['*.example.com'],
    digest: 'sha1',
    days: 3000,
    allow: ['rsa-1024', 'sha1', 'wildcard'],
  }

  test('is weak only with a warning, in the difference and in the result', () => {
    const { changes: found, warnings, result } = plan(WEAK, UNSIGNED)
    const weaknesses = ['rsa of 1024 bits', 'sha1', 'one key for every name below a wildcard']
    expect(found[0]?.to).toMatch(`; weak: ${weaknesses.join(', ')}`)
    expect(warnings?.[0]).toMatch('/ca/issued/weak.pem is weak: rsa of 1024 bits')
    expect(result?.weaknesses).toEqual(weaknesses)
  })

  test('that is weak is kept when that is wanted', () => {
    const have = {
      ...SIGNED,
      ...{
        own: file(pem('other/issued/weak.pem')),
        issuer: [file(pem('other/ca.pem'))],
        issuerKey: [keyOf('other/ca.pem')],
      },
    }
    expect(changes(WEAK, have)).toEqual([])
    const { digest: _, ...strong } = WEAK
    expect(plan({ ...strong, allow: ['rsa-1024', 'wildcard'] }, have).changes[0]?.from).toBe(
      'a certificate that is signed with sha1',
    )
  })

  test.each<{ title: string; want?: Partial<Want>; have?: object; message: string }>([
    { title: 'a weak key', want: { ...WEAK, allow: ['sha1', 'wildcard'] }, message: 'too weak: rsa of 1024 bits' },
    { title: 'SHA-1', want: { ...WEAK, allow: ['rsa-1024', 'wildcard'] }, message: 'SHA-1 can be forged' },
    { title: 'a wildcard', want: { ...WEAK, allow: ['rsa-1024', 'sha1'] }, message: 'every host below it' },
    { title: 'no request', want: { csr: 'x' }, message: '`csr` holds no request' },
    { title: 'a name that is no file', want: { cn: 'a/b' }, message: "'a/b' cannot be the name of a file" },
    { title: 'days that are always due', want: { days: 10, renew_before: 10 }, message: 'would always be due' },
    { title: 'no CA', have: { issuer: [ABSENT] }, message: 'there is no CA in /ca' },
    { title: 'a CA without its key', have: { issuerKey: [says('')] }, message: 'has lost its key' },
    { title: 'a CA with another key', have: { issuerKey: [keyOf('other/ca.pem')] }, message: 'do not belong together' },
    {
      title: 'a certificate that is no CA',
      have: { issuer: [file(pem('ca/issued/mm1.pem'))], issuerKey: [keyOf('k.csr')] },
      message: 'is not one of a CA',
    },
    { title: 'a CA that has ended', have: { signer: on('2037-01-01') }, message: 'ended on 2036-11-22, too soon' },
    { title: 'a CA near its end', have: { signer: on('2036-11-01') }, message: 'ends on 2036-11-22, too soon' },
    { title: 'a folder in its place', have: { own: folder() }, message: 'is not a file but a directory' },
    { title: 'a host without openssl', have: { tool: ABSENT }, message: 'the host has no openssl' },
    { title: 'a host without a clock', have: { signer: says('') }, message: 'does not tell its time' },
  ])('is refused with $title', ({ want, have, message }) => {
    expect(() => plan({ ...LEAF, ...want }, { ...UNSIGNED, ...have })).toThrow(message)
  })
})

describe('a CA', () => {
  test.each<{ title: string; want?: Partial<Want>; have?: object }>([
    { title: 'that says what is asked for' },
    { title: 'that may renew itself, before it is time', want: { renew: 'same-key' } },
    { title: 'whose type is asked for', want: { type: 'ecdsa-p256' } },
  ])('is kept $title', ({ want, have }) => {
    const found = plan({ ...ROOT, ...want }, { ...MADE, ...have })
    expect(found.changes).toEqual([])
    expect(found.warnings).toBeUndefined()
    expect(found.result).toMatchObject({ certificate: pem('ca/ca.pem'), chain: pem('ca/ca.pem'), ca: pem('ca/ca.pem') })
  })

  test.each<{ title: string; want?: Partial<Want>; have: object; expected: string[] }>([
    {
      title: 'made with a key of its own',
      have: NEW,
      expected: ['make /ca/ca.pem: absent -> CN=Example CA; 1825 days; by itself; a new ecdsa-p256 key'],
    },
    {
      title: 'finished where only its key was made',
      have: { ...MADE, own: ABSENT },
      expected: ['sign /ca/ca.pem: absent -> CN=Example CA; 1825 days; by itself; the same key'],
    },
    {
      title: 'renewed with the same key when it is time',
      want: { renew: 'same-key' },
      have: { ...MADE, signer: on('2036-01-01') },
      expected: [
        'sign /ca/ca.pem: a certificate that ends on 2036-11-22 -> CN=Example CA; 1825 days; by itself; the same key',
      ],
    },
    {
      title: 'renewed with the same key after its end',
      want: { renew: 'same-key' },
      have: { ...MADE, signer: on('2037-01-01') },
      expected: [
        'sign /ca/ca.pem: a certificate that ended on 2036-11-22 -> CN=Example CA; 1825 days; by itself; the same key',
      ],
    },
    {
      title: 'given another path length with the same key',
      want: { renew: 'same-key', path_length: 2 },
      have: MADE,
      expected: [
        'sign /ca/ca.pem: a certificate that has the path_length 1 -> CN=Example CA; 1825 days; by itself; the same key',
      ],
    },
    {
      title: 'closed where others may look',
      have: { ...MADE, folder: [folder({ mode: 0o755 })], keyFile: [file('', 0o644)] },
      expected: ['mode mode of /ca: 0755 -> 0700', 'mode mode of /ca/ca.key: 0644 -> 0600'],
    },
  ])('is $title', ({ want, have, expected }) => {
    expect(changes({ ...ROOT, ...want }, have)).toEqual(expected)
  })

  test('has the same public key before and after it is renewed, and none before it is made', () => {
    const renewed = plan({ ...ROOT, renew: 'same-key' }, { ...MADE, signer: on('2036-01-01') })
    expect(renewed.result?.public_key).toBe(publicKey('ca/ca.pem'))
    expect(renewed.result?.certificate).toBeInstanceOf(Unknown)
    expect(plan(ROOT, MADE).result?.public_key).toBe(publicKey('ca/ca.pem'))
    expect(plan(ROOT, NEW).result?.public_key).toBeInstanceOf(Unknown)
  })

  test('near its end warns, and is not renewed by itself', () => {
    const found = plan(ROOT, { ...MADE, signer: on('2036-01-01') })
    expect(found.changes).toEqual([])
    expect(found.warnings).toEqual(['the CA in /ca ends on 2036-11-22: renew it with `renew: same-key`'])
  })

  test.each<{ title: string; want?: Partial<Want>; have?: object; message: string }>([
    { title: 'that has lost its key', have: { keyFile: [ABSENT] }, message: 'has lost its key' },
    { title: 'whose key cannot be read', have: { ownKey: [says('')] }, message: 'cannot be read as a key' },
    { title: 'with the key of another', have: { ownKey: [keyOf('k.csr')] }, message: 'does not belong to its ca.key' },
    { title: 'of another name', want: { cn: 'Other' }, message: 'the CA in /ca is CN=Example CA' },
    { title: 'of another type', want: { type: 'rsa' }, message: 'has a key of the type ecdsa-p256' },
    { title: 'of another path length', want: { path_length: 0 }, message: 'has the path_length 1' },
    { title: 'that has ended', have: { signer: on('2037-01-01') }, message: 'ended on 2036-11-22' },
    { title: 'in the folder of another', have: { folder: [folder({ owner: 'eve' })] }, message: 'belongs to eve' },
    { title: 'in a link', have: { folder: [folder({ type: 'link' })] }, message: 'is not a folder but a link' },
    { title: 'below no folder', have: { ...NEW, parentFolder: ABSENT }, message: 'does not exist' },
  ])('is refused $title', ({ want, have, message }) => {
    expect(() => plan({ ...ROOT, ...want }, { ...MADE, ...have })).toThrow(message)
  })

  test('below another has what stands above it beside it', () => {
    expect(changes(BELOW, MADE_BELOW)).toEqual([])
    expect(changes(BELOW, { ...MADE_BELOW, ownAbove: [ABSENT] })).toEqual([
      'above /below/above.pem: absent -> the certificates above it',
    ])
    expect(plan(BELOW, MADE_BELOW).result).toMatchObject({ chain: pem('below/ca.pem'), ca: pem('ca/ca.pem') })
  })

  test('below another is signed by it, and refused where that one allows none', () => {
    expect(changes(BELOW, { ...MADE_BELOW, own: ABSENT, keyFile: [ABSENT], ownAbove: [ABSENT] })).toEqual([
      'make /below/ca.pem: absent -> CN=Example CA below; 1825 days; by CN=Example CA; a new ecdsa-p256 key',
      'above /below/above.pem: absent -> the certificates above it',
    ])
    expect(() => plan({ ...BELOW, path_length: 1 }, MADE_BELOW)).toThrow('allows 1 CAs below it, too few')
    expect(() => plan({ ...BELOW, kind: 'intermediate' }, { ...MADE_BELOW, issuer: [ABSENT] })).toThrow('no CA in /ca')
  })

  test('of another parent is signed anew only when that is asked for', () => {
    const have = {
      ...MADE_BELOW,
      ...{
        issuer: [file(pem('other/ca.pem'))],
        issuerKey: [keyOf('other/ca.pem')],
        ownAbove: [file(pem('other/ca.pem'))],
      },
    }
    const want: Want = { ...BELOW, path_length: 0 }
    expect(() => plan(want, have)).toThrow('allows 0 CAs below it')
  })
})

test('commands hold each word in quotes', () => {
  const want: Want = { ...LEAF, cn: `x'; touch /tmp/x #`, name: 'mm1' }
  const [change] = plan(want, UNSIGNED).changes
  const command = [opensslSign.apply.sign(change as never, want)]
    .flat()
    .map(({ text }) => text)
    .join('\n')
  expect(command).toContain(String.raw`'/O=Example/CN=x'\''; touch \/tmp\/x #'`)
})
