import { describe, expect, test } from 'vitest'
import { keyRefused } from '../../../modules/ssh/key-refused.ts'
import { EMPTY_KRL } from '../../../modules/ssh/krl.ts'
import { formatKrl } from '../../../modules/ssh/krl-file.ts'

type Want = Parameters<NonNullable<typeof keyRefused.run>>[0]

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx'
const ELSE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICE8vUCSYKmsJ9Q0VUbf5bJAUC1wDYtREuPXWh0RZDNy'
const LIST = '/etc/ssh/revoked.krl'
const blob = KEY.split(' ')[1] ?? ''
const list = formatKrl({ ...EMPTY_KRL, keys: new Set([blob]) }).toString('base64')
const empty = formatKrl(EMPTY_KRL).toString('base64')
const account = (name: string, path = LIST, certificates = 0, program = 0) =>
  ['account', name, path, certificates, program].join('\t')
const file = (text: string, accounts = 'app') =>
  [accounts, '/k', '600', 'app', 'app', 'app', Buffer.from(text).toString('base64')].join('\t')
const FINE = [account('app'), account('root'), `list\t${LIST}\t${list}`, `revoked\t${LIST}\t0`]

function conclude({ files = [] as string[], said = FINE, code = 0, want = {} as Partial<Want> }) {
  const stdout = Buffer.from([...files, 'what sshd refuses', ...said, ''].join('\n'))
  return keyRefused.conclude?.({ path: LIST, keys: [KEY], ...want }, { code, stdout, stderr: Buffer.alloc(0) })
}

describe('key-refused', () => {
  test.each<{ title: string; seen: Parameters<typeof conclude>[0]; failure: string | undefined }>([
    { title: 'a key that is on the list and in no file', seen: {}, failure: undefined },
    { title: 'other keys in files', seen: { files: [file(`${ELSE}\n`)] }, failure: undefined },
    {
      title: 'a line that is left',
      seen: { files: [file(`restrict ${KEY} x\n`, 'app,root')] },
      failure: '/k lets the key SHA256:',
    },
    { title: 'no list', seen: { said: [account('app', '')] }, failure: `sshd reads ${LIST} for no account` },
    {
      title: 'one account without a list',
      seen: { said: [...FINE, account('bare', '')] },
      failure: 'sshd refuses no key for bare',
    },
    {
      title: 'a list without the key',
      seen: { said: [account('app'), `list\t${LIST}\t${empty}`] },
      failure: `${LIST} does not refuse the key SHA256:`,
    },
    {
      title: 'a list of which ssh-keygen says otherwise',
      seen: { said: [account('app'), `list\t${LIST}\t${list}`] },
      failure: `${LIST} does not refuse the key SHA256:`,
    },
    {
      title: 'a list that is not there',
      seen: { said: [account('app'), `list\t${LIST}\t!`] },
      failure: `${LIST} holds no list of revoked keys that can be read`,
    },
    {
      title: 'a list in plain text',
      seen: { said: [account('app'), `list\t${LIST}\t${Buffer.from(`${KEY} anna\n`).toString('base64')}`] },
      failure: undefined,
    },
    {
      title: 'an id that is not on the list',
      seen: { want: { certificates: [{ ids: ['anna@example'] }] } },
      failure: `${LIST} does not refuse the certificates with the id "anna@example" of any CA`,
    },
    {
      title: 'an account with a list of its own and no other way in',
      seen: { said: [...FINE, account('glass', '/own'), `list\t/own\t${empty}`] },
      failure: undefined,
    },
    {
      title: 'an account with a list of its own that takes certificates',
      seen: { said: [...FINE, account('glass', '/own', 1), `list\t/own\t${empty}`] },
      failure: 'glass takes certificates, and its own list /own does not refuse them',
    },
    {
      title: 'an account with a list of its own for which a program is asked',
      seen: { said: [...FINE, account('glass', '/own', 0, 1), `list\t/own\t${empty}`] },
      failure: 'glass has a program asked for keys, and its own list /own does not refuse them',
    },
    {
      title: 'an account with a list of its own, and a CA in its file',
      seen: {
        files: [file(`cert-authority ${ELSE}\n`, 'glass')],
        said: [...FINE, account('glass', '/own'), `list\t/own\t${empty}`],
      },
      failure: 'glass has a CA of its own, and its own list /own does not refuse them',
    },
    {
      title: 'an account with a list of its own that has the key too',
      seen: { said: [...FINE, account('glass', '/own', 1), `list\t/own\t${list}`] },
      failure: undefined,
    },
    {
      title: 'an sshd that does not answer',
      seen: { code: 1 },
      failure: 'sshd does not say which files and lists it reads',
    },
  ])('of $title says: $failure', ({ seen, failure }) => {
    const said = conclude(seen)
    if (failure === undefined) expect(said).not.toHaveProperty('failure')
    else expect(said?.failure).toContain(failure)
    expect(said?.changed).toBe(false)
  })

  test('names the accounts that have a list of their own', () => {
    const said = conclude({ said: [...FINE, account('glass', '/own'), `list\t/own\t${empty}`] })
    expect(said?.result).toEqual({ accounts: 2, apart: ['glass'], findings: [] })
  })
})
