import { describe, expect, test } from 'vitest'
import { NO_CONNECTION } from '../../../engine/resource/read.ts'
import { keySuccession } from '../../../modules/ssh/key-succession.ts'
import { parsePublicKey } from '../../../modules/ssh/openssh-key.ts'

type Want = Parameters<typeof keySuccession.plan>[0]

const OLD = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx'
const NEW = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr new'
const ELSE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICE8vUCSYKmsJ9Q0VUbf5bJAUC1wDYtREuPXWh0RZDNy else'
const line = (path: string, text: string, writer = 'app') =>
  ['app', path, '600', 'app', 'app', writer, Buffer.from(text).toString('base64')].join('\t')
const have = (lines: string[], connection: object = NO_CONNECTION, code = 0) => ({
  sources: { code, stdout: Buffer.from(lines.map((one) => `${one}\n`).join('')), stderr: Buffer.alloc(0) },
  connection: connection as typeof NO_CONNECTION,
})
const plan = (want: Partial<Want>, ...rest: Parameters<typeof have>) =>
  keySuccession.plan({ old: OLD, new: NEW, ...want } as Want, have(...rest))
const texts = (...args: Parameters<typeof plan>) => plan(...args).changes.map(({ what, to }) => [what, to])

describe('key-succession', () => {
  test.each<{ title: string; want: Partial<Want>; text: string; expected: string | undefined }>([
    { title: 'nothing where nobody trusts the old key', want: {}, text: `${ELSE}\n`, expected: undefined },
    { title: 'nothing in an empty file', want: {}, text: '', expected: undefined },
    {
      title: 'the new key beside the old one, with its options',
      want: {},
      text: `# head\nrestrict,from="10.0.0.1 x" ${OLD} old\n${ELSE}\n`,
      expected: `# head\nrestrict,from="10.0.0.1 x" ${OLD} old\nrestrict,from="10.0.0.1 x" ${NEW}\n${ELSE}\n`,
    },
    { title: 'nothing when both stand there', want: {}, text: `${OLD}\n${NEW}\n`, expected: undefined },
    {
      title: 'the options of the old one on a new one that has others',
      want: {},
      text: `restrict ${OLD}\n${NEW}\n`,
      expected: `restrict ${OLD}\nrestrict ${NEW}\n`,
    },
    {
      title: 'the old key away',
      want: { state: 'new' },
      text: `# head\nrestrict ${OLD} old\nrestrict ${NEW}\n${ELSE}\n`,
      expected: `# head\nrestrict ${NEW}\n${ELSE}\n`,
    },
    {
      title: 'nothing when only the new one stands there',
      want: { state: 'new' },
      text: `${NEW}\n`,
      expected: undefined,
    },
    {
      title: 'the old key away with nothing in its place',
      want: { state: 'new', new: undefined } as never,
      text: `${OLD}\n`,
      expected: '',
    },
  ])('puts $title', ({ want, text, expected }) => {
    const path = '/home/app/.ssh/authorized_keys'
    expect(texts(want, [line(path, text)])).toEqual(expected === undefined ? [] : [[path, expected]])
  })

  test('goes through every file', () => {
    const found = texts({}, [line('/a', `${OLD}\n`), line('/b', `${ELSE}\n`), line('/c', `no-pty ${OLD}\n`)])
    expect(found).toEqual([
      ['/a', `${OLD}\n${NEW}\n`],
      ['/c', `no-pty ${OLD}\nno-pty ${NEW}\n`],
    ])
  })

  test.each(['root', 'app'])('writes each file as the account that can change its folder: %s', (writer) => {
    const [change] = plan({}, [line('/a', `${OLD}\n`, writer)]).changes
    const command = change && keySuccession.apply.save(change, { old: OLD, new: NEW })
    expect([command ?? []].flat().some(({ text }) => text.includes(`runuser -u ${writer} `))).toBe(writer === 'app')
  })

  test('tells where the old key stands, and what it cannot see', () => {
    expect(plan({}, [line('/a', `${OLD}\n`)]).result).toMatchObject({ files: ['/a'], accounts: ['app'] })
    const { result, warnings } = plan({ state: 'new' }, [
      line('/a', `${OLD}\n${NEW}\n`),
      'command /usr/bin/keys',
      ['app', '/l', '777', 'app', 'app', 'app', '!link'].join('\t'),
    ])
    expect(result).toMatchObject({ files: [], changed_files: ['/a'] })
    expect(warnings).toEqual([
      'sshd also asks /usr/bin/keys for keys: see there that it no longer gives the old one',
      '/l is a link, so it was not looked into',
    ])
  })

  test.each<{ title: string; want: Partial<Want>; rest: Parameters<typeof have>; message: string }>([
    {
      title: 'to take the old key away where the new one is not',
      want: { state: 'new' },
      rest: [[line('/a', `${OLD}\n${NEW}\n`), line('/b', `${OLD}\n`)]],
      message: '/b holds the old key and not the new one',
    },
    {
      title: 'to take away the key of this run with nothing in its place',
      want: { state: 'new', new: undefined } as never,
      rest: [[line('/a', `${OLD}\n`)], { user: 'app', key: parsePublicKey(OLD)?.blob }],
      message: 'the key that let this run in would be removed',
    },
    { title: 'the same key twice', want: { new: `${OLD} other` }, rest: [[]], message: 'are the same' },
    { title: 'what is no key', want: { old: 'x' }, rest: [[]], message: "'x' is not a public key" },
    { title: 'an sshd that does not say', want: {}, rest: [[], undefined, 1], message: 'sshd does not say' },
  ])('refuses $title', ({ want, rest, message }) => {
    expect(() => plan(want, ...rest)).toThrow(message)
  })

  test('has the way in proven when it is its own', () => {
    const own = { user: 'app', endpoints: { client: {}, server: {} } }
    const [change] = plan({}, [line('/a', `${OLD}\n`)], own).changes
    expect(change?.endangers).toBe('keys')
    expect(plan({}, [line('/a', `${OLD}\n`)]).changes[0]?.endangers).toBeUndefined()
  })
})
