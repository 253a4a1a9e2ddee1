import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { consulReload } from '../../../modules/consul/consul-reload.ts'
import { consulTlsProbe } from '../../../modules/consul/consul-tls-probe.ts'

/** A certificate of `CN=example ca` for itself, with the serial number 0A. */
const pem = readFileSync(new URL('../fixtures/example-certificate.pem', import.meta.url), 'utf8')
const shook = `${pem}SSL handshake has read 900 bytes\nVerify return code: 0 (ok)\n`
const line = (name: string, closed: 0 | 1, said: string) => `${name} ${closed} ${Buffer.from(said).toString('hex')}\n`

function failure(expected: object, printed: string, code = 0, stderr = ''): string | undefined {
  const want = { server_name: 'server.nyc2.consul', expect: expected }
  return consulTlsProbe.conclude?.(want, { code, stdout: Buffer.from(printed), stderr: Buffer.from(stderr) }).failure
}

const identity = { ca: '/ca.pem', serial: '0A', issuer: 'example ca' }

describe('the RPC port', () => {
  test.each([
    ['is closed to clear text', { plaintext: 'closed' }, line('plaintext', 1, ''), undefined],
    ['is open to clear text', { plaintext: 'closed' }, line('plaintext', 0, ''), 'a connection in clear stays open'],
    ['serves what it must', { identity }, line('identity', 0, shook), undefined],
    ['speaks no TLS', { identity }, line('identity', 1, 'CONNECTED(3)\nerrno=0\n'), 'the port speaks no TLS'],
    [
      'is not reached',
      { identity },
      line('identity', 0, 'no such file\n'),
      'openssl could not try the port: are the files of `ca`, `cert` and `key` there, and whole?',
    ],
    [
      'serves another certificate',
      { identity: { ...identity, serial: '0B', issuer: 'other' } },
      line('identity', 0, shook),
      'the certificate served has the serial 0A, not 0B; the certificate served is issued by example ca, not by other',
    ],
    [
      'serves one that is not trusted',
      { identity: { ca: '/ca.pem' } },
      line('identity', 0, shook.replace('0 (ok)', '62 (hostname mismatch)')),
      'the certificate served is not to be trusted for server.nyc2.consul: hostname mismatch',
    ],
    [
      'hangs up after the handshake',
      { without_certificate: 'refused' },
      line('without_certificate', 1, shook),
      undefined,
    ],
    [
      'refuses in the handshake',
      { foreign_certificate: 'accepted' },
      line('foreign_certificate', 1, `${pem}alert bad certificate`),
      'a client with a foreign certificate is refused',
    ],
    [
      'lets in whoever comes',
      { without_certificate: 'refused' },
      line('without_certificate', 0, shook),
      'a client without a certificate is accepted',
    ],
    [
      'says nothing',
      { without_certificate: 'refused' },
      '',
      'the port was not tried with a client without a certificate',
    ],
  ])('%s', (_, expected, printed, sentence) => {
    expect(failure(expected, printed)).toBe(sentence)
  })

  test('cannot be tried where a tool is missing', () => {
    expect(failure({ plaintext: 'open' }, '', 69, 'lockstep: the host has no perl\n')).toBe(
      'the RPC port could not be tried: the host has no perl',
    )
  })
})

describe('a reload', () => {
  test.each([
    ['done', 'lockstep-reload done 1001\n', 0, undefined, undefined],
    [
      'untold',
      'lockstep-reload untold \n',
      1,
      'no',
      'the agent was not told to reload, and goes on with what it has read before',
    ],
    ['kept', 'lockstep-reload kept \n', 1, 'no', 'the earlier files are back; the agent was not told to reload'],
    ['restored', 'lockstep-reload restored \n', 1, 'no', 'the earlier files are back and in use'],
    ['nothing', '', 1, 'no', undefined],
  ])('that ends with %s says how the agent is left', (_, printed, code, sentence, hint) => {
    const outcome = { code, stdout: Buffer.from(printed), stderr: Buffer.from('lockstep: no\n') }
    const concluded = consulReload.conclude?.({}, outcome)
    expect([concluded?.failure, concluded?.hint]).toEqual([sentence, hint])
  })
})
