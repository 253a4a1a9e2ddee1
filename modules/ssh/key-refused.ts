import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { sh } from '../../engine/resource/command.ts'
import { linesOf } from '../files/text-lines.ts'
import { type KeySources, keySources, keySourcesRead } from './authorized-files.ts'
import { union } from './krl.ts'
import { fingerprintOf, parsePublicKey } from './openssh-key.ts'
import { namedKey } from './public-key-argument.ts'
import { type AccountRule, type RefusedList, refusedLists, refusedListsLook } from './refused-lists.ts'
import { isKrl, linesOfKrl, type Refusal, refusalArgs, revokedIn, wanted } from './ssh-krl.ts'

const BORDER = 'what sshd refuses'

/** Proves on a host that its sshd has nothing left that would let keys and certificates in. */
export const keyRefused = defineAction({
  name: 'key-refused',
  summary:
    'Proves on a host that no file lets keys in, for any account, and that the list by which sshd refuses keys has them, for every account.',
  args: Arg.object({
    path: Arg.path({ description: 'The list of revoked keys that sshd is to read, as in /etc/ssh/revoked.krl.' }),
    ...refusalArgs,
  }),
  examples: [
    `- ssh-krl:
    path: /etc/ssh/example-refused.krl
    keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJWA7MR6ODoY5UCSbpuISkIXd/fsAKeiC4oG8Yt9y6KQ anna]
    certificates: [{ ids: [anna@example] }]
- sshd-config: { name: 45-example-refused, content: "RevokedKeys /etc/ssh/example-refused.krl\\n" }
- key-refused:
    path: /etc/ssh/example-refused.krl
    keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJWA7MR6ODoY5UCSbpuISkIXd/fsAKeiC4oG8Yt9y6KQ anna]
    certificates: [{ ids: [anna@example] }]
- key-refused: { path: /etc/ssh/example-refused.krl, certificates: [{ ids: [anna@example] }] }`,
  ],
  looks: true,
  terse: true,

  decide: ({ path }) => ({ due: true, what: `looks whether anything but ${path} decides about the keys` }),

  run: ({ keys = [] }) =>
    sh`${keySourcesRead.command} || exit 1; echo ${BORDER}; ${refusedListsLook(keys.map((key) => formatted(key)))}`,

  conclude(want, { code, stdout }) {
    if (code !== 0)
      return {
        changed: false,
        failure: 'sshd does not say which files and lists it reads',
        hint: '`sshd -T` shows what is wrong with its configuration',
        result: { accounts: 0, apart: [], findings: [] },
      }
    const [first = '', second = ''] = stdout.toString('utf8').split(`${BORDER}\n`)
    const sources = keySources({ code, stdout: Buffer.from(first), stderr: Buffer.alloc(0) })
    const { accounts, lists } = refusedLists(second)
    const findings = [
      ...linesLeft(want, sources),
      ...listFaults(
        want,
        lists.find(({ path }) => path === want.path),
      ),
      ...accounts.flatMap((rule) => accountFault(want, rule, { sources, lists })),
    ]
    const apart = accounts.filter(({ list }) => list !== want.path).map(({ account }) => account)
    const result = { accounts: accounts.length - apart.length, apart, findings }
    const [head, ...rest] = findings
    if (head === undefined) return { changed: false, result }
    const more = rest.length === 0 ? '' : `, and ${rest.length} more`
    return { changed: false, result, failure: `${head}${more}`, hint: findings.join('; ') }
  },
})

interface Want extends Refusal {
  path: string
}

function formatted(line: string): string {
  const { type, blob } = namedKey(line)
  return `${type} ${blob}`
}

/** Lines that still let one of the keys in. */
function linesLeft({ keys = [], fingerprints = [] }: Want, { files }: KeySources): string[] {
  const theirs = new Set([...keys.map((key) => fingerprintOf(namedKey(key))), ...fingerprints])
  return files.flatMap(({ path, text, accounts }) =>
    linesOf(text).flatMap((line) => {
      const key = parsePublicKey(line)
      const print = key ? fingerprintOf(key) : ''
      return theirs.has(print) ? [`${path} lets the key ${print} in, for ${accounts.join(', ')}`] : []
    }),
  )
}

/** What the list does not refuse: by what is in it, and for plain keys by what ssh-keygen itself says as well. */
function listFaults(want: Want, list: RefusedList | undefined): string[] {
  const { path, keys = [] } = want
  if (!list) return [`sshd reads ${path} for no account`]
  const missing = lackingIn(want, list)
  if (missing === undefined) return [`${path} holds no list of revoked keys that can be read`]
  const unproven = isKrl(list.content)
    ? keys.filter((_, at) => !list.revoked.has(at)).map((key) => `key ${fingerprintOf(namedKey(key))}`)
    : []
  return [...new Set([...missing, ...unproven])].map((what) => `${path} does not refuse the ${what}`)
}

/** What a list lacks, in lines; undefined when it cannot be read. */
function lackingIn(want: Want, { content }: RefusedList): string[] | undefined {
  const list = content && revokedIn(content)
  if (!list) return undefined
  const has = new Set(linesOfKrl(list))
  return linesOfKrl(union(list, wanted(want))).filter((line) => !has.has(line))
}

/** An account that sshd asks another list for must have no other way in for them: no program, no CA, no file that was not looked into. */
function accountFault(
  want: Want,
  { account, list, takesCertificates, asksProgram }: AccountRule,
  { sources, lists }: { sources: KeySources; lists: readonly RefusedList[] },
): string[] {
  if (list === want.path) return []
  if (list === '') return [`sshd refuses no key for ${account}`]
  const own = lists.find(({ path }) => path === list)
  if (own && lackingIn(want, own)?.length === 0) return []
  const ways = [
    ...(takesCertificates ? ['takes certificates'] : []),
    ...(asksProgram ? ['has a program asked for keys'] : []),
    ...(sources.files.some((file) => file.accounts.includes(account) && hasAuthority(file.text))
      ? ['has a CA of its own']
      : []),
  ]
  return ways.length === 0 ? [] : [`${account} ${ways.join(' and ')}, and its own list ${list} does not refuse them`]
}

function hasAuthority(text: string): boolean {
  return linesOf(text).some((line) => /(^|,)cert-authority(,|$)/i.test(parsePublicKey(line)?.options ?? ''))
}
