import { Type } from '@sinclair/typebox'
import { defineAction, type Outcome } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { sh } from '../../engine/resource/command.ts'
import { FRESH, lastWords, loginName, quoted } from './ssh-client.ts'

/** Tries a key over a connection of its own. */
export const sshLoginProbe = defineAction({
  name: 'ssh-login-probe',
  summary:
    'Proves over a fresh connection that a key logs in, or that it does not; from the host, or from the controller with `delegate_to: localhost`.',
  args: Arg.object({
    host: loginName('Name or address that is logged in to.'),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: 'Port of its sshd; 22 by default.' })),
    user: loginName('Account that is logged in to.'),
    key: Arg.path({ description: 'Private key that is shown, and no other.' }),
    certificate: Type.Optional(
      Arg.path({
        description: 'Certificate of the key; it alone counts then, and the plain key alone when it is left out.',
      }),
    ),
    known_hosts: Type.Optional(
      Arg.path({
        description:
          'The one file that the host must be known by; those of ssh itself when left out. Nothing is trusted at first sight.',
      }),
    ),
    bind_address: Type.Optional(loginName('Own address to come from.')),
    expect: Type.Optional(
      Arg.choice(['works', 'accepted', 'refused'], {
        description:
          'That the key logs in and a command can be run (the default), that it logs in whatever the account may do then, or that it is refused.',
      }),
    ),
    timeout: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Seconds that connecting may take; 10 when left out.' }),
    ),
  }),
  examples: [
    `- keygen: { path: /root/.example_probe, comment: probe }
  register: example_probe
- keygen: { path: /root/.example_stranger, comment: stranger }
- ssh-host-key: { type: ed25519 }
  register: example_probed
- known-hosts: { path: /root/.example_known, name: 127.0.0.1, key: "{{ example_probed.public_key }}" }
- ssh-login-probe: { host: 127.0.0.1, user: root, key: /root/.example_stranger, known_hosts: /root/.example_known, expect: refused }
- authorized-key: { user: root, key: "{{ example_probe.public_key }}" }
- ssh-login-probe: { host: 127.0.0.1, user: root, key: /root/.example_probe, known_hosts: /root/.example_known }
`,
  ],
  looks: true,
  terse: true,

  decide: ({ host, user, key, expect = 'works' }) => ({
    due: true,
    what: `tries whether ${key} ${expect === 'refused' ? 'is refused by' : 'logs in to'} ${user}@${host}`,
  }),

  run({ host, port = 22, user, key, certificate, known_hosts, bind_address, timeout = 10 }) {
    // ssh signs with the plain key of a certificate only when it may show it too; what sshd has accepted is told below.
    const types = certificate === undefined ? PLAIN : [...CERTIFIED, ...PLAIN]
    const options = [
      ...FRESH,
      `ConnectTimeout=${timeout}`,
      `PubkeyAcceptedKeyTypes=${types.join(',')}`,
      ...(certificate === undefined ? [] : [`CertificateFile=${quoted(certificate)}`]),
      ...(known_hosts === undefined
        ? []
        : [`UserKnownHostsFile=${quoted(known_hosts)}`, 'GlobalKnownHostsFile=/dev/null']),
      ...(bind_address === undefined ? [] : [`BindAddress=${bind_address}`]),
    ]
    const words = [
      '-v',
      '-T',
      '-F',
      '/dev/null',
      '-i',
      key,
      '-p',
      port,
      '-l',
      user,
      ...options.flatMap((one) => ['-o', one]),
    ]
    return sh`LC_ALL=C exec ssh ${words} -- ${host} true </dev/null`
  },

  seconds: ({ timeout = 10 }) => timeout + 30,

  conclude({ host, user, key, certificate, expect = 'works' }, outcome) {
    const verdict = verdictOf(outcome, certificate !== undefined)
    const result = { accepted: verdict === 'works' || verdict === 'accepted', works: verdict === 'works', verdict }
    const isFine = verdict === expect || (expect === 'accepted' && verdict === 'works')
    if (isFine) return { changed: false, result }
    const at = `${user}@${host}`
    const shown = certificate === undefined ? `the key ${key}` : `the certificate ${certificate}`
    const said = lastWords(outcome)
    const failure = {
      works: `${at} lets ${shown} in`,
      accepted: `${at} lets ${shown} in, ${expect === 'refused' ? 'though it runs nothing for it' : 'but runs nothing for it'}`,
      refused: `${at} refuses ${shown}`,
      unclear: `whether ${at} lets ${shown} in could not be tried`,
    }[verdict]
    return { changed: false, failure, result, ...(said === '' ? {} : { hint: said }) }
  },
})

const TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521']
const PLAIN = [...TYPES, 'rsa-sha2-512', 'rsa-sha2-256', 'sk-ssh-ed25519@openssh.com']
const CERTIFIED = [...TYPES, 'rsa-sha2-512', 'rsa-sha2-256', 'sk-ssh-ed25519'].map(
  (type) => `${type}-cert-v01@openssh.com`,
)

/**
 * `refused` only when the key was really shown: one that cannot be read, a host that does not answer or that has another host key
 * proves nothing.
 */
function verdictOf({ code, stderr }: Outcome, isCertificate: boolean): 'works' | 'accepted' | 'refused' | 'unclear' {
  const lines = stderr.toString('latin1').split(/\r?\n/)
  const isOne = (line: string) => / \S+-CERT SHA256:/.test(line) === isCertificate
  const isShown = lines.some((line) => line.startsWith('debug1: Offering public key: ') && isOne(line))
  const accepted = lines.findLast((line) => line.startsWith('debug1: Server accepts key: '))
  const isIn = lines.some((line) => /^Authenticated to .* using "publickey"/.test(line))
  if (isIn && accepted !== undefined && isOne(accepted)) return code === 0 ? 'works' : 'accepted'
  // sshd that has asked for a signature which it did not get would have let the key in.
  const isAsked = accepted !== undefined && isOne(accepted)
  const isRefused = isIn || (!isAsked && code === 255 && lines.some((line) => line.includes('Permission denied (')))
  return isShown && isRefused ? 'refused' : 'unclear'
}
