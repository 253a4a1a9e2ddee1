import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { fingerprintOf, parsePublicKey } from '../../../modules/ssh/openssh-key.ts'
import { sshKeyOffer } from '../../../modules/ssh/ssh-key-offer.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx anna'
const parsed = parsePublicKey(KEY)
const PRINT = parsed ? fingerprintOf(parsed) : ''
const [CERTIFICATE = ''] = readFileSync(new URL('../fixtures/openssh-certificate.txt', import.meta.url), 'utf8').split(
  '\n',
)
const CERTIFIED = 'SHA256:k/suh892VEJUEMf579jqmXOb+G+e/Gx0RIvY403nDus'

const offering = (print: string, kind = 'ED25519') =>
  `debug1: Offering public key: /tmp/x/offered.pub ${kind} ${print} explicit\n`
const accepting = (print: string, kind = 'ED25519') =>
  `debug1: Server accepts key: /tmp/x/offered.pub ${kind} ${print} explicit\n`
const STAYS = `debug1: Offering public key: /stays ED25519 SHA256:x explicit\ndebug1: Server accepts key: /stays ED25519 SHA256:x explicit\nAuthenticated to 10.0.0.1 ([10.0.0.1]:22) using "publickey".\n`
const DENIED = 'ops@10.0.0.1: Permission denied (publickey).\n'

function conclude(stderr: string, code = 0, more: { offer?: string; expect?: 'refused' | 'accepted' } = {}) {
  const want = { host: '10.0.0.1', user: 'ops', offer: KEY, key: '/stays', ...more }
  return sshKeyOffer.conclude?.(want, { code, stdout: Buffer.alloc(0), stderr: Buffer.from(stderr) })
}

describe('ssh-key-offer', () => {
  test.each<{ title: string; said: string; code?: number; verdict: string }>([
    { title: 'a key that is passed over for the one that stays', said: offering(PRINT) + STAYS, verdict: 'refused' },
    {
      title: 'a key that sshd asks a signature of',
      said: offering(PRINT) + accepting(PRINT) + STAYS,
      verdict: 'accepted',
    },
    {
      title: 'a key that sshd asks a signature of, and nobody logs in',
      said: offering(PRINT) + accepting(PRINT) + DENIED,
      code: 255,
      verdict: 'accepted',
    },
    { title: 'a host that lets nobody in', said: offering(PRINT) + DENIED, code: 255, verdict: 'unclear' },
    { title: 'a key that was not shown', said: STAYS, verdict: 'unclear' },
    { title: 'another key that was shown', said: offering('SHA256:y') + STAYS, verdict: 'unclear' },
    { title: 'a certificate of the key', said: offering(PRINT, 'ED25519-CERT') + STAYS, verdict: 'unclear' },
    { title: 'a host that does not answer', said: 'ssh: connect: Connection refused\n', code: 255, verdict: 'unclear' },
    { title: 'a host that is not known', said: 'Host key verification failed.\n', code: 255, verdict: 'unclear' },
  ])('of $title says $verdict', ({ said, code, verdict }) => {
    expect(conclude(said, code)?.result).toEqual({ verdict, fingerprint: PRINT })
    expect('failure' in (conclude(said, code) ?? {})).toBe(verdict !== 'refused')
  })

  test('tells a certificate from its key', () => {
    const offer = { offer: CERTIFICATE }
    expect(conclude(offering(CERTIFIED, 'ED25519-CERT') + STAYS, 0, offer)?.result).toMatchObject({
      verdict: 'refused',
    })
    expect(conclude(offering(CERTIFIED) + STAYS, 0, offer)?.result).toMatchObject({ verdict: 'unclear' })
  })

  test('fails where a key is refused that is to be taken', () => {
    const said = conclude(offering(PRINT) + STAYS, 0, { expect: 'accepted' })
    expect(said?.failure).toBe(`ops@10.0.0.1 refuses the key ${PRINT}`)
  })

  test('shows the public half and the key that stays, and nothing else', () => {
    const want = { host: '10.0.0.1', user: 'ops', offer: KEY, key: '/stays', known_hosts: '/kh' }
    const text = [sshKeyOffer.run?.(want) ?? []].flat().map((command) => command.text)
    for (const part of ['IdentitiesOnly=yes', 'IdentityAgent=none', '/offered.pub', 'IdentityFile="/stays"'])
      expect(text.join('\n')).toContain(part)
  })
})
