import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { predictSome, read, textOf } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { folderOwner, foldersAbove } from '../files/owned-file.ts'
import { type Certificate, parseCertificate } from './openssh-certificate.ts'
import { parsePublicKey } from './openssh-key.ts'
import { clockRead, faultsOf, secondsIn, timeIn } from './ssh-cert-faults.ts'
import { recordOf, sign } from './ssh-cert-sign.ts'

type CertChange = Change<'sign', string> & { key: string; writer: string }

const OPTION =
  '^(force-command=.+|source-address=\\S+|permit-(pty|agent-forwarding|port-forwarding|X11-forwarding|user-rc)|no-touch-required|verify-required)$'
const duration = (description: string) => Type.String({ pattern: '^([1-9]\\d*[wdhm])+$', description })

/** A certificate of OpenSSH's own kind, signed by ssh-keygen where the CA's key lies. See ssh-keygen(1), CERTIFICATES. */
export const sshCert = defineModule({
  name: 'ssh-cert',
  summary:
    'A certificate for a user’s or a host’s SSH key, signed where the CA’s key lies and renewed in time; with `delegate_to: localhost` that is the controller.',
  args: Arg.object(
    {
      path: Arg.path({ description: 'File that holds the certificate, beside its key: KEY-cert.pub.' }),
      ca: Arg.path({ description: 'Private key of the CA; its public half stands beside it with .pub.' }),
      ca_passphrase: Type.Optional(
        Arg.secret({ description: 'Passphrase that opens the private key of the CA; an empty one is none.' }),
      ),
      public_key: Type.String({ minLength: 1, description: 'Public key that is certified, as in a `.pub` file.' }),
      kind: Type.Optional(
        Arg.choice(['user', 'host'], { description: 'Whether it lets a user in or proves a host; user by default.' }),
      ),
      identity: Type.String({
        pattern: '^[^\\n\\t]+$',
        description: 'Key id, by which logs and revocations name the certificate, as in anna@example.org.',
      }),
      principals: Type.Array(Type.String({ pattern: '^[^\\s,"]+$', description: 'A name.' }), {
        minItems: 1,
        description:
          'Who its holder may be: roles or accounts for a user, names and addresses by which it is reached for a host.',
      }),
      valid_for: duration(
        'How long it is good for, as in 16h or 52w; it begins five minutes ago, for clocks that differ.',
      ),
      renew_before: Type.Optional(
        duration('It is signed anew when less than this is left; a third of `valid_for` by default.'),
      ),
      options: Type.Optional(
        Type.Array(Type.String({ pattern: OPTION, description: 'An option.' }), {
          description:
            'What a user may do, in the words of `ssh-keygen -O`, as in permit-pty or source-address=10.0.0.0/8; nothing by default but to run commands.',
        }),
      ),
    },
    {
      allOf: [
        Arg.rule('takes `options` for a user only', {
          anyOf: [{ properties: { kind: { const: 'user' } } }, { not: { required: ['options'] } }],
        }),
      ],
    },
  ),
  examples: [
    `- file: { path: /etc/example-ca, state: directory, mode: "0700" }
- keygen: { path: /etc/example-ca/ca, comment: example CA }
- keygen: { path: /etc/example-ca/anna, comment: anna }
  register: example_anna
- ssh-cert:
    path: /etc/example-ca/anna-cert.pub
    ca: /etc/example-ca/ca
    public_key: "{{ example_anna.public_key }}"
    identity: anna@example
    principals: [deploy, ops]
    valid_for: 16h
    options: [permit-pty]
- ssh-host-key: { type: ecdsa }
  register: example_host
- ssh-cert:
    kind: host
    path: /etc/example-ca/host-cert.pub
    ca: /etc/example-ca/ca
    public_key: "{{ example_host.public_key }}"
    identity: host
    principals: [host.example, 192.0.2.7]
    valid_for: 52w
    renew_before: 17w`,
  ],
  touches: 'reads',

  resource: ({ path }) => `file:${path}`,

  reads: ({ path, ca }) => ({
    file: read.file(path),
    ca: read.file(`${ca}.pub`),
    private: read.status(ca),
    record: read.status(recordOf(ca)),
    folders: foldersAbove(path).map((folder) => read.folder(folder)),
    caFolders: foldersAbove(ca).map((folder) => read.folder(folder)),
    tool: read.status('/usr/bin/ssh-keygen'),
    clock: clockRead,
  }),

  plan(want, have): Plan<CertChange> {
    const { path, ca, identity, principals, kind = 'user' } = want
    const key = parsePublicKey(want.public_key)
    if (key?.options !== '' || key.type.includes('-cert-'))
      throw new TaskFailure(
        `'${want.public_key.slice(0, 60)}' is not a public key`,
        'give it as `ssh-keygen` writes it: type, key, comment',
      )
    const signer = parsePublicKey(textOf(have.ca) ?? '')
    const writer = requireCa(want, have)
    if (!signer) throw new TaskFailure(`${ca}.pub holds no public key`, 'write it with a task `keygen` before this one')
    if (secondsIn(want.renew_before ?? '0m') >= secondsIn(want.valid_for))
      throw new TaskFailure(
        `a certificate that is good for ${want.valid_for} always has less than ${want.renew_before} left`,
        'let `renew_before` be shorter than `valid_for`',
      )
    const text = textOf(have.file)
    const old = text === undefined ? undefined : parseCertificate(text)
    const faults = faultsOf(want, { old, key: key.blob, ca: signer.blob, now: timeIn(have.clock) })
    if (text !== undefined && old && faults.length === 0)
      return { changes: [], result: { path, identity, principals, ...resultOf(old), certificate: text.trim() } }
    const unknown = new Unknown(`the certificate ${path}, which is not signed yet`)
    const from = text === undefined ? undefined : old ? `a certificate that ${faults.join(' and ')}` : 'something else'
    const to = `a ${kind} certificate of ${identity} for ${principals.join(', ')}, good for ${want.valid_for}`
    const status = { type: 'file', owner: writer, mode: 0o644 } as const
    return {
      changes: [{ kind: 'sign', what: path, from, to, key: `${key.type} ${key.blob}`, writer }],
      after: [
        predictSome(read.file(path), unknown),
        ...(have.record.type === 'absent' && writer === 'root'
          ? [predictSome(read.status(recordOf(ca)), { ...status, mode: 0o600, group: 'root' })]
          : []),
      ],
      result: {
        ...{ path, identity, principals, certificate: unknown, serial: unknown },
        ...{ valid_from: unknown, valid_to: unknown },
      },
    }
  },

  apply: {
    sign: ({ key, writer }, want) => sign({ ...want, key, writer }),
  },
})

type Have = Parameters<typeof sshCert.plan>[1]

/** Who keeps the CA and so the certificates that it signs; fails where none can be signed. */
function requireCa(
  { path, ca }: { path: string; ca: string },
  have: Pick<Have, 'file' | 'private' | 'folders' | 'caFolders' | 'tool'>,
): string {
  if (have.tool.type === 'absent')
    throw new TaskFailure('the host has no ssh-keygen', 'install the package openssh-client before this task')
  if (have.private.type === 'absent')
    throw new TaskFailure(`there is no key of a CA at ${ca}`, 'make it with a task `keygen` before this one')
  if (have.file.type !== 'absent' && have.file.type !== 'file')
    throw new TaskFailure(`${path} is not a file but a ${have.file.type}`, 'remove it, or choose another path')
  const [owner, writer] = [folderOwner(ca, have.caFolders), folderOwner(path, have.folders)]
  if (owner === writer) return writer
  throw new TaskFailure(
    `the CA is in a folder of ${owner} and the certificate in one of ${writer}`,
    'have the certificate written where the CA is, and `copy` its text to where it is used',
  )
}

function resultOf({ serial, validFrom, validTo }: Certificate) {
  const time = (seconds: number) => (Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : 'forever')
  return { serial: String(serial), valid_from: time(validFrom), valid_to: time(validTo) }
}
