import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { modeOf } from '../../engine/resource/mode.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { read, textOf } from '../../engine/resource/read.ts'
import {
  homePath,
  type OwnedFileChange,
  ownedFileLegs,
  ownedFilePlan,
  ownedFileReads,
  requireHome,
} from '../files/owned-file.ts'
import { linesOf, textOfLines } from '../files/text-lines.ts'
import { hostName, type KnownHost, parseKnownLine, withHosts, withoutHosts } from './known-hosts-file.ts'
import { type PublicKey, parsePublicKey } from './openssh-key.ts'

const FILE = '.ssh/known_hosts'
const SYSTEM_FILE = '/etc/ssh/ssh_known_hosts'

const name = Type.String({
  pattern: '^[^\\s,|#@]+$',
  description: 'Name or address, or [name]:port for another port than 22.',
})
const names = Type.Union([name, Type.Array(name, { minItems: 1 })], {
  description: 'Names and addresses by which the host is reached, each with [name]:port for another port than 22.',
})
const key = Type.String({
  minLength: 1,
  description: 'Public host key, as in /etc/ssh/ssh_host_ed25519_key.pub or as ssh-keyscan prints it.',
})

/** Host keys that ssh accepts without asking. See sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. */
export const knownHosts = defineModule({
  name: 'known-hosts',
  summary: 'Host keys that ssh trusts, for all accounts of the host or for one.',
  args: Arg.object(
    {
      name: Type.Optional(names),
      key: Type.Optional(key),
      entries: Type.Optional(
        Type.Array(
          Arg.object(
            {
              hosts: names,
              key: Type.Optional(key),
              marker: Type.Optional(
                Arg.choice(['cert-authority', 'revoked'], {
                  description: 'The key signs host keys, or must never be accepted.',
                }),
              ),
            },
            { description: 'A host and its key; several entries give a host keys of several types.' },
          ),
          { description: 'Hosts and their keys, in place of `name` and `key`.' },
        ),
      ),
      path: Type.Optional(
        Arg.path({
          description:
            'File that holds the keys; /etc/ssh/ssh_known_hosts by default, or .ssh/known_hosts in the home of `user`.',
        }),
      ),
      user: Type.Optional(Arg.account({ description: 'Account whose file it is.' })),
      mode: Type.Optional(
        Arg.mode({
          description:
            'Permission bits of the file; when left out they stay, and are 0644 for a new file outside a home.',
        }),
      ),
      exclusive: Type.Optional(
        Type.Boolean({ description: 'The entries are the whole list: every other host is removed. Comments stay.' }),
      ),
      keep_hosts: Type.Optional(
        Type.Array(name, {
          description: 'With `exclusive`: these hosts stay as they are although no entry names them.',
        }),
      ),
      state: Type.Optional(
        Arg.choice(['present', 'absent'], {
          description:
            'Whether the entries shall be there; an absent one without a key goes with every key. Present by default.',
        }),
      ),
    },
    {
      allOf: [
        Arg.rule('takes either `name` or `entries`', { oneOf: [{ required: ['name'] }, { required: ['entries'] }] }),
      ],
    },
  ),
  examples: [
    `- known-hosts:
    name: [mm1, 10.10.250.146]
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx
- known-hosts:
    name: "[mm2.example.org]:2222"
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr
- known-hosts: { name: mm3, state: absent }`,
    `- file: { path: /etc/mm-tunnels, state: directory, mode: "0755" }
- known-hosts:
    path: /etc/mm-tunnels/known_hosts
    exclusive: true
    entries:
      - hosts: [mm1, 10.10.250.146]
        key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx
      - hosts: mm2
        key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr
- known-hosts:
    user: root
    name: mm1
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx`,
  ],
  touches: 'reads',

  resource: (want) => `file:${pathOf(want)}`,

  reads: (want) => readsOf(want),

  plan(want, have): Plan<OwnedFileChange> {
    const path = pathOf(want)
    const { exclusive = false, state = 'present', user } = want
    const [account] = have.account
    if (exclusive && state === 'absent')
      throw new TaskFailure('a list cannot be exclusive and absent', 'leave `state: absent` out and give an empty list')
    if (user !== undefined && !account?.present) {
      if (state === 'absent') return { changes: [], result: { path, entries: 0 } }
      throw new TaskFailure(`the host has no account ${user}`, 'create it with a task `user` before this one')
    }
    if (want.path === undefined && user !== undefined && account) requireHome(user, FILE, account)
    const old = textOf(have.file)
    const lines = linesOf(old ?? '')
    const next =
      state === 'absent'
        ? withoutHosts(lines, entriesOf(want))
        : withHosts(lines, entriesOf(want).map(requireKey), exclusive ? (want.keep_hosts ?? []) : undefined)
    const text = old !== undefined && next.join('\n') === lines.join('\n') ? old : textOfLines(next)
    const wish = {
      path,
      account: user !== undefined && account ? { name: user, group: account.group } : undefined,
      manageFolder: want.path === undefined && user !== undefined && state === 'present',
      mode: want.mode === undefined ? undefined : modeOf(want.mode, { mode: have.file.mode, directory: false }),
    }
    const plan = ownedFilePlan(wish, old === undefined && next.length === 0 ? undefined : text, have)
    return { ...plan, result: { path, entries: next.filter((line) => parseKnownLine(line)).length } }
  },

  apply: ownedFileLegs,
})

interface Entry {
  hosts: string | string[]
  key?: string
  marker?: 'cert-authority' | 'revoked'
}

interface Want {
  path?: string
  user?: string
  name?: string | string[]
  key?: string
  entries?: Entry[]
}

function readsOf(want: Want) {
  return { account: want.user === undefined ? [] : [read.account(want.user)], ...ownedFileReads(pathOf(want)) }
}

function pathOf({ path, user }: Want): string {
  return path ?? (user === undefined ? SYSTEM_FILE : homePath(user, FILE))
}

function entriesOf({ name, key, entries }: Want): { names: string[]; key: PublicKey | undefined; marker: string }[] {
  const named: Entry[] = name === undefined ? (entries ?? []) : [{ hosts: name, ...(key === undefined ? {} : { key }) }]
  return named.map(({ hosts, key, marker }) => ({
    names: [hosts].flat().map(hostName),
    key: key === undefined ? undefined : hostKey(key),
    marker: marker === undefined ? '' : `@${marker}`,
  }))
}

function requireKey({ names, key, marker }: ReturnType<typeof entriesOf>[number]): KnownHost {
  if (!key) throw new TaskFailure(`${names.join(', ')} has no key`, 'give the public key that its sshd shows')
  return { names, key, marker }
}

/** A key alone, or a whole line as ssh-keyscan prints it; the comment of another machine is of no use here. */
function hostKey(line: string): PublicKey {
  const key = parsePublicKey(line) ?? parseKnownLine(line)?.key
  if (!key)
    throw new TaskFailure(
      `'${line.slice(0, 60)}' is not a public key`,
      'give it as `ssh-keygen` writes it: type, key, comment',
    )
  return { ...key, comment: '' }
}
