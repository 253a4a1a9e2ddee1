import fc from '../../property.ts'
import { type Chunk, mode, one, some, type TasksOf, task } from './arbitrary.ts'

/** Of a key that no host has. */
const REQUEST = `-----BEGIN CERTIFICATE REQUEST-----
MIHGMG4CAQAwDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
BOgaI3J252rkQrkizScgk4mGxqJQGED64SfiAhxx4gNcNTUKwn0YpThu33BiTHXk
hQZt2GTKY9fXecaS3U8GX82gADAKBggqhkjOPQQDAgNIADBFAiEAv7lAbuRPHVl8
2lPrA342aVXwFBYVg2H3IAyzSSiKdLQCIDgQoBzuOW2B59PJOmPDf5DQX0ss74aS
ZEPlYFVbSVml
-----END CERTIFICATE REQUEST-----
`

const key = one('/srv/x/t.key', '/root/t.key', '/home/u1/t.key')
const dir = one('/root/ca', '/root/ca', '/srv/x/ca')
const san = some(one([], ['a.test'], ['a.test', '10.0.0.1', 'b.test']))

/** Tasks of the modules about certificates and what else is secret. */
export const certificateTasks: TasksOf = {
  'openssl-key': fc.oneof(
    task('openssl-key', {
      path: key,
      type: some(one('ecdsa-p256', 'ecdsa-p384')),
      mode: some(mode),
      group: some(one('daemon', 'g1')),
      replace: some(one(true)),
    }),
    task('openssl-key', { path: key, type: one('rsa'), size: one(2048, 1024), allow: some(one(['rsa-1024'])) }),
  ),
  'secret-file': task('secret-file', { path: one('/srv/x/secret', '/home/u1/secret'), bytes: some(one(16)) }),
  'openssl-csr': task('openssl-csr', {
    key,
    cn: one('a', 'b'),
    san,
    path: some(one('/srv/x/f', '/root/t.csr')),
    subject: some(one({ o: 'Some One' })),
  }),
  'openssl-sign': fc.oneof(
    task('openssl-sign', { kind: one('root'), dir, cn: one('gen'), renew: some(one('same-key')) }),
    task('openssl-sign', { dir, cn: one('a', '*'), name: one('a', 'b'), csr: one(REQUEST), san, days: some(one(30)) }),
  ),
  'openssl-verify': task('openssl-verify', {
    cert: one('/root/ca/issued/a.pem', '/srv/x/f'),
    ca: one('/root/ca/ca.pem'),
    key: some(key),
    names: some(one(['a.test'])),
  }),
}

/** A CA on each host, and one on a host for all; each host has a key, and both sign its request. */
export const certificates: fc.Arbitrary<Chunk> = fc.tuple(key, some(one(true)), san).map(
  ([path, replace, names]): Chunk => [
    { 'openssl-sign': { kind: 'root', dir: '/root/ca', cn: 'gen' } },
    {
      'openssl-sign': { kind: 'root', dir: '/root/all', cn: 'gen', path_length: 1 },
      delegate_to: '{{first play_hosts}}',
      run_once: true,
      register: 'K',
    },
    { copy: { dest: '/root/t.ca', content: '{{K.ca}}' } },
    { 'openssl-key': { path, replace } },
    { 'openssl-csr': { key: path, cn: '{{inventory_hostname}}', san: names }, register: 'R' },
    { 'openssl-sign': { dir: '/root/ca', csr: '{{R.csr}}', cn: 'own', name: 'a', san: names } },
    {
      'openssl-sign': { dir: '/root/all', csr: '{{R.csr}}', cn: '{{inventory_hostname}}', san: names },
      delegate_to: '{{first play_hosts}}',
      register: 'K',
    },
    { copy: { dest: '/root/t.pem', content: '{{K.chain}}' } },
    { 'openssl-verify': { cert: '/root/t.pem', ca: '/root/t.ca', key: path } },
  ],
)
