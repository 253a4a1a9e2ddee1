import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { predict, predictSome, read, textOf } from '../../engine/resource/read.ts'
import { Unknown } from '../../engine/resource/unknown.ts'
import { generate, publish } from './key-pair.ts'
import { bitsOf, fingerprintOf, formatPublicKey, KEY_TYPES, type KeyType, parsePublicKey } from './openssh-key.ts'

type HostKeyChange =
  | Change<'generate', string>
  /** The public half, from the private one. */
  | Change<'publish', string>

/** A key by which the host's sshd proves who it is, and its public half for the known_hosts of others. */
export const sshHostKey = defineModule({
  name: 'ssh-host-key',
  summary: 'A host key of sshd, made when it is missing; the result has its public half for the known hosts of others.',
  args: Arg.object({
    type: Type.Optional(Arg.choice(KEY_TYPES, { description: 'Kind of key; ed25519 by default.' })),
  }),
  examples: [
    `- ssh-host-key: {}
- ssh-host-key: { type: ecdsa }`,
  ],
  touches: 'reads',

  resource: ({ type }) => `file:${pathOf(type)}`,

  reads: ({ type }) => ({
    private: read.status(pathOf(type)),
    public: read.file(`${pathOf(type)}.pub`),
    folder: read.status('/etc/ssh'),
    tool: read.status('/usr/bin/ssh-keygen'),
  }),

  plan({ type = 'ed25519' }, have): Plan<HostKeyChange> {
    const path = pathOf(type)
    if (have.folder.type === 'absent')
      throw new TaskFailure('the host has no /etc/ssh', 'install the package openssh-server before this task')
    if (have.tool.type === 'absent')
      throw new TaskFailure('the host has no ssh-keygen', 'install the package openssh-client before this task')
    const key = parsePublicKey(textOf(have.public) ?? '')
    if (have.private.type !== 'absent' && key) {
      const result = {
        path,
        type,
        public_key: formatPublicKey(key),
        fingerprint: fingerprintOf(key),
        size: bitsOf(key),
      }
      return { changes: [], result }
    }
    const unknown = new Unknown(`the host key ${path} is not there yet`)
    const status = { type: 'file', owner: 'root', group: 'root' } as const
    const isNew = have.private.type === 'absent'
    return {
      changes: [
        isNew
          ? { kind: 'generate', what: path, from: undefined, to: `${type} key` }
          : { kind: 'publish', what: `${path}.pub`, from: textOf(have.public), to: `the public half of ${path}` },
      ],
      after: [
        ...(isNew ? [predictSome(read.status(path), { ...status, mode: 0o600 })] : []),
        have.public.type === 'absent'
          ? predictSome(read.file(`${path}.pub`), { ...status, mode: 0o644 })
          : predict(read.file(`${path}.pub`), unknown),
      ],
      result: { path, type, public_key: unknown, fingerprint: unknown, size: unknown },
    }
  },

  apply: {
    generate: (_, { type = 'ed25519' }) => generate({ ...placeOf(type), type, mode: 0o600 }),
    publish: (_, { type }) => publish(placeOf(type), ''),
  },
})

function placeOf(type: KeyType | undefined) {
  return { path: pathOf(type), writer: 'root', owner: 'root', group: undefined }
}

/** Where Debian's sshd looks, and `ssh-keygen -A` puts them. */
function pathOf(type: KeyType = 'ed25519'): string {
  return `/etc/ssh/ssh_host_${type}_key`
}
