import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseCertificate } from '../../../modules/ssh/openssh-certificate.ts'
import { parsePublicKey } from '../../../modules/ssh/openssh-key.ts'

const [certificate = '', key = '', ca = ''] = readFileSync(
  new URL('../fixtures/openssh-certificate.txt', import.meta.url),
  'utf8',
).split('\n')

describe('a certificate', () => {
  test('says what ssh-keygen has put into it', () => {
    expect(parseCertificate(certificate)).toEqual({
      kind: 'user',
      key: parsePublicKey(key)?.blob,
      ca: parsePublicKey(ca)?.blob,
      serial: 1001n,
      identity: 'anna@corp',
      principals: ['deploy', 'ops'],
      validFrom: 1795634496,
      validTo: 1795692396,
      options: ['force-command=echo hi', 'permit-pty', 'source-address=10.0.0.0/8'],
    })
  })

  test.each([
    { title: 'nothing', line: '' },
    { title: 'a plain key', line: key },
    { title: 'one that is cut off', line: certificate.slice(0, 200) },
    { title: 'one that calls itself another type', line: certificate.replace('ssh-ed25519-cert', 'ssh-rsa-cert') },
    { title: 'one of a type that nobody knows', line: certificate.replace('ssh-ed25519-cert', 'ssh-new-cert') },
  ])('is not found in $title', ({ line }) => {
    expect(parseCertificate(line)).toBeUndefined()
  })
})
