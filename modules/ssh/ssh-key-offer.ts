import { Type } from '@sinclair/typebox'
import { defineAction, type Outcome } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { sh } from '../../engine/resource/command.ts'
import { parseCertificate } from './openssh-certificate.ts'
import { fingerprintOf } from './openssh-key.ts'
import { namedKey } from './public-key-argument.ts'
import { FRESH, lastWords, loginName, quoted } from './ssh-client.ts'

/** Asks a running sshd whether it would let a key in of which only the public half is known. */
export const sshKeyOffer = defineAction({
  name: 'ssh-key-offer',
  summary:
    'Proves over a fresh connection that sshd would not let a public key or certificate in, without its private half: sshd is asked before it is signed for.',
  args: Arg.object({
    host: loginName('Name or address that is asked.'),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: 'Port of its sshd; 22 by default.' })),
    user: loginName('Account that is asked for.'),
    offer: Type.String({ minLength: 1, description: 'Public key or certificate, as in a `.pub` file.' }),
    key: Arg.path({
      description:
        'Private key that logs in to the account: it is shown next, over the same connection, and proves that a refusal was of the key.',
    }),
    known_hosts: Type.Optional(
      Arg.path({ description: 'The one file that the host must be known by; those of ssh itself when left out.' }),
    ),
    expect: Type.Optional(
      Arg.choice(['refused', 'accepted'], {
        description: 'Whether sshd is to refuse it (the default), or to take it.',
      }),
    ),
    timeout: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Seconds that connecting may take; 10 when left out.' }),
    ),
  }),
  examples: [
    `- keygen: { path: /root/.example_stays, comment: stays }
  register: example_stays
- keygen: { path: /root/.example_leaves, comment: leaves }
  register: example_leaves
- ssh-host-key: { type: ed25519 }
  register: example_asked
- known-hosts: { path: /root/.example_asked, name: 127.0.0.1, key: "{{ example_asked.public_key }}" }
- authorized-key: { user: root, key: "{{ example_stays.public_key }}" }
- ssh-key-offer: { host: 127.0.0.1, user: root, offer: "{{ example_leaves.public_key }}", key: /root/.example_stays, known_hosts: /root/.example_asked }
- ssh-key-offer: { host: 127.0.0.1, user: root, offer: "{{ example_stays.public_key }}", key: /root/.example_stays, known_hosts: /root/.example_asked, expect: accepted }
`,
  ],
  looks: true,
  terse: true,

  decide: ({ host, user, offer, expect = 'refused' }) => ({
    due: true,
    what: `asks whether ${user}@${host} ${expect === 'refused' ? 'refuses' : 'takes'} ${nameOf(offer)}`,
  }),

  run({ host, port = 22, user, offer, key, known_hosts, timeout = 10 }) {
    const options = [
      ...FRESH,
      `ConnectTimeout=${timeout}`,
      ...(known_hosts === undefined
        ? []
        : [`UserKnownHostsFile=${quoted(known_hosts)}`, 'GlobalKnownHostsFile=/dev/null']),
    ]
    const words = ['-v', '-T', '-F', '/dev/null', '-p', port, '-l', user, ...options.flatMap((one) => ['-o', one])]
    return sh`( d=$(mktemp -d) || exit 1; trap 'rm -rf -- "$d"' EXIT; trap 'exit 1' HUP INT TERM
printf '%s\n' ${offer.trim()} >"$d/offered.pub"
LC_ALL=C ssh ${words} -o IdentityFile="$d/offered.pub" -o ${`IdentityFile=${quoted(key)}`} -- ${host} true </dev/null )`
  },

  seconds: ({ timeout = 10 }) => timeout + 30,

  conclude({ host, user, offer, expect = 'refused' }, outcome) {
    const verdict = verdictOf(outcome, offer)
    const result = { verdict, fingerprint: printOf(offer) }
    if (verdict === expect) return { changed: false, result }
    const at = `${user}@${host}`
    const failure = {
      accepted: `${at} takes ${nameOf(offer)}`,
      refused: `${at} refuses ${nameOf(offer)}`,
      unclear: `whether ${at} takes ${nameOf(offer)} could not be asked, since the key that stays did not log in`,
    }[verdict]
    const said = lastWords(outcome)
    return { changed: false, result, failure, ...(said === '' ? {} : { hint: said }) }
  },
})

/**
 * A key is refused only when it was shown, sshd did not ask for its signature, and the key that stays was let in after it: by the
 * same sshd, for the same account, from the same address. See RFC 4252, section 7.
 */
function verdictOf({ code, stderr }: Outcome, offer: string): 'accepted' | 'refused' | 'unclear' {
  const lines = stderr.toString('latin1').split(/\r?\n/)
  const print = printOf(offer)
  const isCertificate = parseCertificate(offer) !== undefined
  const isOne = (line: string) => line.includes(` ${print} `) && / \S+-CERT SHA256:/.test(line) === isCertificate
  if (lines.some((line) => line.startsWith('debug1: Server accepts key: ') && isOne(line))) return 'accepted'
  const isShown = lines.some((line) => line.startsWith('debug1: Offering public key: ') && isOne(line))
  const isIn = lines.some((line) => /^Authenticated to .* using "publickey"/.test(line))
  return isShown && isIn && code === 0 ? 'refused' : 'unclear'
}

function printOf(offer: string): string {
  const certificate = parseCertificate(offer)
  if (certificate) return fingerprintOf({ type: '', blob: certificate.key, comment: '', options: '' })
  return fingerprintOf(namedKey(offer))
}

function nameOf(offer: string): string {
  const certificate = parseCertificate(offer)
  return certificate ? `the certificate ${certificate.serial} of ${certificate.identity}` : `the key ${printOf(offer)}`
}
