import { describe, expect, test } from 'vitest'
import { NO_CONNECTION } from '../../../engine/resource/read.ts'
import { keyRemoval } from '../../../modules/ssh/key-removal.ts'
import { fingerprintOf, parsePublicKey } from '../../../modules/ssh/openssh-key.ts'

type Want = Parameters<typeof keyRemoval.plan>[0]

const THEIRS = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx'
const SECOND = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr'
const ELSE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICE8vUCSYKmsJ9Q0VUbf5bJAUC1wDYtREuPXWh0RZDNy else'
const printOf = (line: string) => {
  const key = parsePublicKey(line)
  return key ? fingerprintOf(key) : ''
}
const line = (path: string, text: string, account = 'app', writer = 'app') =>
  [account, path, '600', 'app', 'app', writer, Buffer.from(text).toString('base64')].join('\t')
const have = (lines: string[], connection: object = NO_CONNECTION, code = 0) => ({
  sources: { code, stdout: Buffer.from(lines.map((one) => `${one}\n`).join('')), stderr: Buffer.alloc(0) },
  connection: connection as typeof NO_CONNECTION,
})
const plan = (want: Want, ...rest: Parameters<typeof have>) => keyRemoval.plan(want, have(...rest))

describe('key-removal', () => {
  test.each<{ title: string; want: Want; text: string; expected: string | undefined }>([
    { title: 'nothing when no key is named', want: {}, text: `${THEIRS}\n`, expected: undefined },
    { title: 'nothing where the key does not stand', want: { keys: [THEIRS] }, text: `${ELSE}\n`, expected: undefined },
    { title: 'nothing from an empty file', want: { keys: [THEIRS] }, text: '', expected: undefined },
    {
      title: 'every line of the key, whatever its options and comment',
      want: { keys: [`${THEIRS} anna`] },
      text: `# head\nrestrict,from="a b" ${THEIRS} x\n${ELSE}\n${THEIRS}\n`,
      expected: `# head\n${ELSE}\n`,
    },
    { title: 'several keys', want: { keys: [THEIRS, SECOND] }, text: `${SECOND}\n${THEIRS}\n`, expected: '' },
    { title: 'a key by its fingerprint', want: { fingerprints: [printOf(THEIRS)] }, text: `${THEIRS}\n`, expected: '' },
    { title: 'no key that is a comment', want: { keys: [THEIRS] }, text: `# ${THEIRS}\n`, expected: undefined },
  ])('takes away $title', ({ want, text, expected }) => {
    const { changes } = plan(want, [line('/k', text)])
    expect(changes.map(({ what, to }) => [what, to])).toEqual(expected === undefined ? [] : [['/k', expected]])
  })

  test('goes through the files of all accounts, and says whom they open', () => {
    const { changes, result } = plan({ keys: [THEIRS] }, [
      line('/a', `${THEIRS}\n`, 'root', 'root'),
      line('/b', `${ELSE}\n`, 'b'),
      line('/c', `${THEIRS}\n`, 'c,d'),
    ])
    expect(changes.map(({ what }) => what)).toEqual(['/a', '/c'])
    expect(result).toMatchObject({ accounts: ['c', 'd', 'root'] })
  })

  test.each<{ title: string; want: Want; have: Parameters<typeof have>; failure: string | undefined }>([
    {
      title: 'the key of the run',
      want: { keys: [THEIRS] },
      have: [[], { user: 'ops', key: THEIRS.split(' ')[1] }],
      failure: 'the key that let this run in would be removed',
    },
    {
      title: 'the key of the run, by its fingerprint',
      want: { fingerprints: [printOf(THEIRS)] },
      have: [[], { user: 'ops', key: THEIRS.split(' ')[1] }],
      failure: 'the key that let this run in would be removed',
    },
    {
      title: 'the last keys of an account that stays open',
      want: { keys: [THEIRS, SECOND], keep_open: ['glass'] },
      have: [[line('/g', `${THEIRS}\n${SECOND}\n`, 'glass')]],
      failure: 'the last key of the account glass would be removed',
    },
    {
      title: 'one of the keys of an account that stays open',
      want: { keys: [THEIRS], keep_open: ['glass'] },
      have: [[line('/g', `${THEIRS}\n`, 'glass'), line('/h', `${ELSE}\n`, 'glass')]],
      failure: undefined,
    },
    {
      title: 'nothing of an account that has no key',
      want: { keys: [THEIRS], keep_open: ['glass'] },
      have: [[line('/g', '', 'glass')]],
      failure: undefined,
    },
    {
      title: 'anything when sshd does not answer',
      want: { keys: [THEIRS] },
      have: [[], NO_CONNECTION, 1],
      failure: 'sshd does not say which files it reads',
    },
    {
      title: 'what is no key',
      want: { keys: ['nonsense'] },
      have: [[]],
      failure: "'nonsense' is not a public key",
    },
  ])('of $title says: $failure', ({ want, have: seen, failure }) => {
    if (failure === undefined) expect(() => plan(want, ...seen)).not.toThrow()
    else expect(() => plan(want, ...seen)).toThrow(failure)
  })

  test('is watched over where it changes the file that lets the run in', () => {
    const connection = { user: 'app', endpoints: {} }
    const { changes } = plan({ keys: [THEIRS] }, [line('/k', `${THEIRS}\n${ELSE}\n`)], connection)
    expect(changes).toMatchObject([{ endangers: 'keys' }])
  })

  test('warns of a file that was not looked into', () => {
    expect(plan({ keys: [THEIRS] }, ['app\t/k\t777\tapp\tapp\tapp\t!link']).warnings).toEqual([
      '/k is a link, so it was not looked into',
    ])
  })
})
