import { sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { chmod } from '../files/ownership.ts'
import { requireOpenssl } from './openssl-look.ts'
import { ownPath, type SignWant, signArgs, signReads } from './openssl-sign-args.ts'
import { authorityPlan } from './openssl-sign-authority.ts'
import { makeAuthority, type SignChange, sign } from './openssl-sign-command.ts'
import { leafPlan } from './openssl-sign-leaf.ts'

/** Certificates by a CA in a folder, and such a CA itself. See openssl-ca(1). */
export const opensslSign = defineModule({
  name: 'openssl-sign',
  summary: 'A certificate that a CA in a folder has signed, or such a CA; renewed in time, and never for no reason.',
  args: signArgs,
  examples: [
    `- openssl-sign: { kind: root, dir: /root/ca, cn: Example CA, path_length: 1 }
- openssl-sign: { kind: intermediate, parent: /root/ca, dir: /root/ca-below, cn: Example CA below, days: 730 }
- openssl-key: { path: /root/signed.key }
- openssl-csr: { key: /root/signed.key, cn: example, san: [example.test] }
  register: request
- openssl-sign: { dir: /root/ca, csr: "{{ request.csr }}", cn: example, san: [example.test, localhost, 127.0.0.1] }
  register: signed
- openssl-sign: { dir: /root/ca-below, csr: "{{ request.csr }}", cn: example, san: [example.test], days: 30 }
- copy: { dest: /root/signed.pem, content: "{{ signed.certificate }}" }`,
  ],
  sets: ['own', 'ownKey', 'keyFile', 'folder', 'ownAbove'],
  touches: 'reads',

  resource: (want) => `file:${ownPath(want)}`,

  reads: signReads,

  plan(want, have): Plan<SignChange> {
    requireOpenssl(have.tool)
    requireAllowed(want)
    return (want.kind ?? 'leaf') === 'leaf' ? leafPlan(want, have) : authorityPlan(want, have)
  },

  apply: {
    make: (change) => makeAuthority(change),
    sign: (change) => sign(change),
    above: ({ what, text }) => sh.write(what, text, { mode: 0o644 }),
    mode: ({ path, to }) => chmod(path, Number.parseInt(to ?? '', 8)),
  },
})

/** Fails when something dangerous was not asked for by name. */
function requireAllowed({ digest, cn, san = [], kind, name, allow = [] }: SignWant): void {
  if (digest === 'sha1' && !allow.includes('sha1'))
    throw new TaskFailure(
      'signatures with SHA-1 can be forged, and most programs refuse them',
      'leave `digest` out; if it has to be, say `allow: [sha1]`',
    )
  const wildcard = [cn, ...san].find((one) => one.startsWith('*'))
  if (wildcard !== undefined && !allow.includes('wildcard'))
    throw new TaskFailure(
      `whoever has a certificate for ${wildcard} can be every host below it`,
      'name each host in a certificate of its own; if it has to be, say `allow: [wildcard]`',
    )
  if (kind !== 'root' && kind !== 'intermediate' && name === undefined && !/^\w[\w.-]*$/.test(cn))
    throw new TaskFailure(`'${cn}' cannot be the name of a file`, 'give the certificate a `name`')
}
