import { describe, expect, test } from 'vitest'
import { sshLoginProbe } from '../../../modules/ssh/ssh-login-probe.ts'

type Want = Parameters<NonNullable<typeof sshLoginProbe.run>>[0]

const WANT = { host: '10.0.0.1', user: 'ops', key: '/k' }
const shown = 'debug1: Offering public key: /k ED25519 SHA256:x explicit\n'
const taken = 'debug1: Server accepts key: /k ED25519 SHA256:x explicit\n'
const inside = `${shown}${taken}Authenticated to 10.0.0.1 ([10.0.0.1]:22) using "publickey".\n`
const refused = `${shown}debug1: No more authentication methods to try.\nops@10.0.0.1: Permission denied (publickey).\n`

function conclude(expected: Want['expect'], code: number, stderr: string) {
  const outcome = { code, stdout: Buffer.alloc(0), stderr: Buffer.from(stderr) }
  return sshLoginProbe.conclude?.({ ...WANT, ...(expected ? { expect: expected } : {}) }, outcome)
}

function commandOf(more: Partial<Want>): string {
  return [sshLoginProbe.run?.({ ...WANT, ...more }) ?? []]
    .flat()
    .map(({ text }) => text)
    .join('\n')
}

describe('ssh-login-probe', () => {
  test.each<{ expected: Want['expect']; code: number; said: string; failure: string | undefined }>([
    { expected: undefined, code: 0, said: inside, failure: undefined },
    { expected: 'accepted', code: 0, said: inside, failure: undefined },
    { expected: 'accepted', code: 1, said: inside, failure: undefined },
    { expected: 'refused', code: 255, said: refused, failure: undefined },
    { expected: 'works', code: 1, said: inside, failure: 'ops@10.0.0.1 lets the key /k in, but runs nothing for it' },
    { expected: 'works', code: 255, said: refused, failure: 'ops@10.0.0.1 refuses the key /k' },
    { expected: 'refused', code: 0, said: inside, failure: 'ops@10.0.0.1 lets the key /k in' },
    {
      expected: 'refused',
      code: 1,
      said: inside,
      failure: 'ops@10.0.0.1 lets the key /k in, though it runs nothing for it',
    },
    {
      expected: 'refused',
      code: 255,
      said: `${shown}${taken}Load key "/k": No such file or directory\nops@10.0.0.1: Permission denied (publickey).\n`,
      failure: 'whether ops@10.0.0.1 lets the key /k in could not be tried',
    },
    {
      expected: 'refused',
      code: 255,
      said: 'Load key "/k": Permission denied\nops@10.0.0.1: Permission denied (publickey).\n',
      failure: 'whether ops@10.0.0.1 lets the key /k in could not be tried',
    },
    {
      expected: 'refused',
      code: 255,
      said: 'ssh: connect to host 10.0.0.1 port 22: Connection refused\n',
      failure: 'whether ops@10.0.0.1 lets the key /k in could not be tried',
    },
    {
      expected: 'refused',
      code: 255,
      said: 'Host key verification failed.\n',
      failure: 'whether ops@10.0.0.1 lets the key /k in could not be tried',
    },
  ])('of $said ($code) with $expected expected: $failure', ({ expected, code, said, failure }) => {
    expect(conclude(expected, code, said)?.failure).toBe(failure)
    expect(conclude(expected, code, said)?.changed).toBe(false)
  })

  test('shows one key to a host that is known, over a connection of its own', () => {
    const text = commandOf({ known_hosts: '/kh' })
    for (const option of ['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes', 'ControlPath=none'])
      expect(text).toContain(`-o ${option}`)
    expect(text).toContain(`'UserKnownHostsFile="/kh"'`)
    expect(text).not.toContain('-cert-v01')
  })

  test.each([
    { title: 'a certificate that is accepted', offered: ['-CERT'], accepted: '-CERT', verdict: 'works' },
    { title: 'a plain key that is accepted in its place', offered: ['-CERT', ''], accepted: '', verdict: 'refused' },
    { title: 'a plain key alone', offered: [''], accepted: '', verdict: 'unclear' },
  ])('of $title says that the certificate is $verdict', ({ offered, accepted, verdict }) => {
    const lines = offered.map((kind) => shown.replace('ED25519', `ED25519${kind}`)).join('')
    const said = lines + taken.replace('ED25519', `ED25519${accepted}`) + inside.split('\n').slice(2).join('\n')
    const outcome = { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.from(said) }
    expect(sshLoginProbe.conclude?.({ ...WANT, certificate: '/k-cert.pub' }, outcome).result).toMatchObject({ verdict })
  })

  test('shows a certificate first when one is named', () => {
    const text = commandOf({ certificate: '/k-cert.pub' })
    expect(text).toContain('PubkeyAcceptedKeyTypes=ssh-ed25519-cert-v01@openssh.com,')
    expect(text).toContain('CertificateFile="/k-cert.pub"')
  })
})
