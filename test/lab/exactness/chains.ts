import fc from '../../property.ts'

import { type Chunk, KEY_ONE, KEY_TWO, one } from './arbitrary.ts'
import { certificates } from './certificates.ts'

import { fileTasks } from './files.ts'
import { unitName, unitText, unitTexts } from './services.ts'
import { single } from './tasks.ts'

const service = fc
  .tuple(unitName, one(...unitTexts), one('ls-tick@one', 'ls-tick@two'))
  .map(
    ([name, text, tick]): Chunk => [
      { copy: { dest: `/etc/systemd/system/${name}.service`, content: text }, notify: 'restart' },
      { systemd: { name, state: 'started', enabled: true } },
      { systemd: { name: 'ls-tick@', content: unitText('Environment=I=%i\n') } },
      { systemd: { name: tick, state: 'started' } },
    ],
  )

/** A key that is made on each host and trusted on all of them. */
const keys = one('/srv/x', '/home/u1', '/root').map(
  (place): Chunk => [
    ...(place === '/srv/x' ? [{ file: { path: place, state: 'directory' } }] : []),
    ...(place === '/home/u1' ? [{ user: { name: 'u1' } }] : []),
    { keygen: { path: `${place}/k` }, register: 'K' },
    { 'authorized-key': { user: 'root', key: '{{K.public_key}}' } },
    { 'known-hosts': { name: 'self', key: '{{K.public_key}}' } },
    {
      'known-hosts': { name: '{{item}}', key: '{{lookup (lookup (lookup hostvars item) "K") "public_key"}}' },
      loop: '{{play_hosts}}',
    },
    {
      'authorized-key': { user: 'root', key: '{{lookup (lookup (lookup hostvars item) "K") "public_key"}}' },
      loop: '{{play_hosts}}',
    },
    { 'authorized-key': { user: 'root', key: '{{K.public_key}}' }, delegate_to: '{{last play_hosts}}' },
    { copy: { dest: '/srv/key.txt', content: '{{K.public_key}}\n' } },
    { 'line-in-file': { path: '/srv/key.txt', line: 'below' } },
    {
      'line-in-file': { path: '/srv/key.txt', line: 'sealed' },
      when: "K.fingerprint.startsWith('SHA256:')",
      register: 'R',
    },
    { copy: { dest: '/srv/key.note', content: 'sealed\n' }, when: 'R.changed' },
  ],
)

/** A key that is let in, logs in, and gets a successor; a probe by itself seldom finds a key that it could show. */
const logins: Chunk = [
  { keygen: { path: '/root/login' }, register: 'K' },
  { 'ssh-host-key': { type: 'ed25519' }, register: 'R' },
  { 'known-hosts': { path: '/root/known', name: '127.0.0.1', key: '{{R.public_key}}' } },
  { 'authorized-key': { user: 'root', key: '{{K.public_key}}' } },
  {
    'ssh-login-probe': { host: '127.0.0.1', user: 'root', key: '/root/login', known_hosts: '/root/known', timeout: 5 },
    until: 'result.accepted',
    retries: 1,
    delay: 1,
  },
  {
    'ssh-key-offer': {
      ...{
        host: '127.0.0.1',
        user: 'root',
        offer: KEY_TWO,
        key: '/root/login',
        known_hosts: '/root/known',
        timeout: 5,
      },
    },
  },
  { 'key-succession': { old: '{{K.public_key}}', new: KEY_TWO } },
  { reload: 'ssh' },
]

const hostKeys: Chunk = [
  { 'ssh-host-key': { type: 'ecdsa' }, register: 'K' },
  {
    'known-hosts': { name: '{{item}}', key: '{{lookup (lookup (lookup hostvars item) "K") "public_key"}}' },
    loop: '{{play_hosts}}',
  },
  { debug: { var: 'K.fingerprint' } },
]

const links = fc
  .tuple(fc.oneof(...['copy', 'template', 'line-in-file', 'block-in-file'].flatMap((name) => fileTasks[name] ?? [])))
  .map(
    ([inner]): Chunk => [
      { file: { path: '/srv/x/y', state: 'directory' } },
      { file: { path: '/srv/x/cur', state: 'link', src: 'y' } },
      { copy: { dest: '/srv/x/cur/f', content: 'through a link\n', group: 'root' } },
      inner,
      { 'line-in-file': { path: '/srv/x/y/f', line: 'past the link' } },
    ],
  )

/** Work of other accounts than root, which may go when it is done. */
const others = fc.tuple(one('u3', undefined), fc.boolean(), fc.boolean()).map(([account, isTemplate, goes]): Chunk => {
  const as = account === undefined ? { become: false } : { become_user: account }
  const home = `/home/${account ?? 'ops'}`
  return [
    ...(account === undefined ? [] : [{ user: { name: account } }]),
    isTemplate
      ? { template: { dest: `${home}/f`, src: 'host.hbs' }, ...as }
      : { copy: { dest: `${home}/f`, content: 'own\n', mode: '0600' }, ...as },
    { 'line-in-file': { path: `${home}/f`, line: 'mine' }, ...as },
    { file: { path: `${home}/d/e`, state: 'directory' }, ...as },
    { command: { argv: ['touch', `${home}/d/t`], creates: `${home}/d/t` }, ...as },
    { keygen: { path: `${home}/d/k` }, ...as },
    ...(goes && account !== undefined ? [{ user: { name: account, state: 'absent', remove: true } }] : []),
  ]
})

const packages: Chunk = [
  { package: { name: 'cron' }, notify: 'stamp' },
  { 'line-in-file': { path: '/etc/default/cron', line: '# configured', create: true }, register: 'R' },
  { systemd: { name: 'cron', state: 'started', enabled: true } },
  { restart: 'cron', when: 'R.changed' },
]

const web: Chunk = [
  { file: { path: '/srv/web', state: 'directory' } },
  { copy: { dest: '/srv/web/f', content: 'port = 1\n' } },
  {
    systemd: {
      name: 'ls-web',
      content: '[Service]\nExecStart=/usr/bin/busybox httpd -f -p 127.0.0.1:8980 -h /srv/web\n',
      state: 'started',
    },
    register: 'R',
  },
  { 'wait-for': { port: 8980, timeout: 10 } },
  { http: { url: 'http://127.0.0.1:8980/f', expect: 'port' }, register: 'K' },
  { copy: { dest: '/srv/web/answer', content: '{{K.status}}\n' } },
  { assert: { that: 'K.status == 200' } },
  // By day a certificate is signed here or nowhere: its CA has to be there before.
  { keygen: { path: '/root/ca-of-web' } },
  {
    'ssh-cert': {
      path: '/root/web-cert.pub',
      ca: '/root/ca-of-web',
      public_key: KEY_ONE,
      identity: 'web',
      principals: ['ops'],
      valid_for: '52w',
    },
  },
]

const controller: Chunk = [
  {
    file: { path: '{{playbook_dir}}/made', state: 'touch' },
    delegate_to: 'localhost',
    become: false,
    run_once: true,
  },
  {
    'line-in-file': { path: '{{playbook_dir}}/made', line: 'of {{inventory_hostname}}' },
    delegate_to: 'localhost',
    become: false,
  },
]

/** What only holds together: a result that another task needs, and often is known after apply. */
const chains: fc.Arbitrary<Chunk> = fc.oneof(
  service,
  keys,
  links,
  others,
  one(hostKeys, logins, logins, packages, web, controller),
  certificates,
  fc.tuple(single, single, one('R.changed', '!R.changed')).map(
    ([first, second, when]): Chunk => [
      { ...first, register: 'R' },
      { ...second, when },
    ],
  ),
  fc.tuple(single, single).map(
    ([first, second]): Chunk => [
      { ...first, notify: ['restart', 'stamp'] },
      { ...second, notify: 'whoever listens' },
    ],
  ),
  single.map((only): Chunk => [{ ...only, notify: ['stamp'] }, { meta: 'flush_handlers' }]),
  fc
    .tuple(single, single, single, single)
    .map(([first, second, third, last]): Chunk => [{ block: [first, second], rescue: [third], always: [last] }]),
  fc.tuple(single, single).map(([first, second]): Chunk => [{ block: [first, second], serial: 1 }]),
  fc
    .tuple(fileTasks.copy ?? fc.constant({}), one(true, false))
    .map(
      ([only, isDue]): Chunk => [
        { ...only, register: 'R' },
        { assert: { that: isDue ? 'R.changed' : 'true' } },
        { debug: { var: 'R' } },
        { 'authorized-key': { user: 'root', key: KEY_ONE }, when: 'R.changed' },
      ],
    ),
)

/** One task, or several that belong together. */
export const chunk: fc.Arbitrary<Chunk> = fc.oneof(
  { arbitrary: single.map((only): Chunk => [only]), weight: 5 },
  { arbitrary: chains, weight: 2 },
)
