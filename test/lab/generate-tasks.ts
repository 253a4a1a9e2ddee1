import fc from 'fast-check'

/** A task as YAML has it, before it gets its name. */
export type Task = Record<string, unknown>

/** A few tasks that belong together. `R` and `K` stand for names that they register. */
export type Chunk = readonly Task[]

const folders = ['/srv/x', '/srv/x', '/srv/x/y', '/srv/x/y', '/srv/x/y/z'] as const
const names = ['f', 'g', 'l', 'sp ace'] as const
const contents = [
  '',
  'port = 1\n',
  'no newline',
  'a\nport = 2\nb\n',
  '# BEGIN m\nold\n# END m\nafter\n',
  'ä\r\nport = 3\r\n',
]
const KEY_ONE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx one'
const KEY_TWO = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFW0gFOhcIuCKD5P2fnSsqNP6kD3Ffo6mfDUU8yEtjwr two'

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const one = <const T extends readonly unknown[]>(...values: T): fc.Arbitrary<T[number]> => fc.constantFrom(...values)
const path = fc.tuple(one(...folders), one(...names)).map((parts) => parts.join('/'))
const mode = one('0644', '0600', '0755', '2775', '4711', '0000', 'u=rwX,go=rX', 'g+w,o=')
const owner = one('root', 'daemon', 'u1', 'u2')
const group = one('root', 'daemon', 'g1', 'g2')
const ownership = { owner: some(owner), group: some(group), mode: some(mode) }
const edits = { create: one(true, true, true, undefined), mode: some(mode), backup: some(fc.constant(true)) }

const task = (module: string, args: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Task> =>
  fc.record(args).map((values) => ({ [module]: values }))

const directory = task('file', {
  path: one(...folders),
  state: one('directory'),
  ...ownership,
  recurse: some(one(true)),
})

const file = fc.oneof(
  { arbitrary: directory, weight: 4 },
  task('file', { path, state: one('touch'), ...ownership }),
  task('file', { path: fc.oneof(path, one(...folders)), ...ownership }),
  task('file', { path, state: one('link'), src: one('f', '../g', '/etc/hostname', 'y'), force: some(one(true)) }),
  task('file', { path: fc.oneof(path, one(...folders)), state: one('absent') }),
)

const content = fc.oneof(
  task('copy', { dest: path, content: one(...contents), ...ownership, backup: some(one(true)) }),
  task('copy', { dest: path, content: one('fine\n'), validate: one('grep -q fine %s') }),
  task('template', { dest: path, src: one('host.hbs'), ...ownership }),
  task('line-in-file', { path, line: one('port = 8074', 'second'), regexp: some(one('^port', '^[ab]$')), ...edits }),
  task('line-in-file', { path, line: one('first', 'x'), insertbefore: one('BOF', '^port'), ...edits }),
  task('line-in-file', { path, regexp: one('^port', '.'), state: one('absent') }),
  task('block-in-file', {
    path,
    block: one('one\ntwo\n', 'port = 4\n'),
    marker: one('# {mark} m', '# {mark} n'),
    insertafter: some(one('^port', 'EOF')),
    ...edits,
  }),
  task('block-in-file', { path, marker: one('# {mark} m'), state: one('absent') }),
)

const json = fc.oneof(
  task('copy', {
    dest: one('/srv/x/c.json'),
    content: one('{}', '{"a": 1, "b": {"c": [1, 2]}}\n', '{ "a": /* c */ 1 }'),
  }),
  task('json-file', { path: one('/srv/x/c.json'), merge: one({ a: 1 }, { b: { d: null } }, { e: [] }), ...edits }),
  task('json-file', { path: one('/srv/x/c.json'), remove: one(['/a'], ['/b/c', '/z']), create: some(one(true)) }),
)

const user = one('u1', 'u2')
const account = fc.oneof(
  task('group', { name: one('g1', 'g2'), gid: some(one(4711)), state: one('present', 'present', 'absent') }),
  task('user', {
    name: user,
    groups: some(one([], ['g1'], ['g2', 'g1'])),
    append: some(one(true)),
    shell: some(one('/bin/bash', '/usr/sbin/nologin')),
    comment: some(one('', 'Some One')),
    group: some(one('g1', 'daemon')),
    system: some(one(true)),
    create_home: some(one(false)),
    password_lock: some(fc.boolean()),
  }),
  task('user', { name: user, password: one('$6$Kn4hXyZJ$1PbHuEAgWZ3W0Kc0qY3tAzbVpA4s8L0vYxWJrQvQ5Z0') }),
  task('user', { name: user, state: one('absent'), remove: some(one(true)) }),
)

const key = fc.oneof(
  task('authorized-key', {
    user: one('u1', 'root'),
    key: one(KEY_ONE, KEY_TWO),
    key_options: some(one('restrict', 'no-pty')),
    state: some(one('present', 'absent')),
  }),
  task('authorized-key', { user: one('u1', 'root'), keys: one([KEY_ONE], [KEY_TWO, KEY_ONE]), exclusive: one(true) }),
  task('known-hosts', { name: one('mm1', ['mm2', '10.0.0.2']), key: one(KEY_ONE, KEY_TWO), user: some(one('u1')) }),
  task('known-hosts', { name: one('mm1', 'mm2'), state: one('absent') }),
  task('keygen', {
    path: one('/home/u1/k', '/srv/x/k', '/root/k'),
    comment: some(one('one', 'two')),
    type: some(one('ed25519', 'ecdsa')),
    mode: some(one('0600', '0400')),
    regenerate: some(one('never', 'mismatch', 'always')),
  }),
)

const unitText = (extra: string, install = true) =>
  `[Service]\nExecStart=/bin/sleep infinity\n${extra}${install ? '[Install]\nWantedBy=multi-user.target\n' : ''}`
const unitTexts = [unitText(''), unitText('Nice=5\n'), unitText('', false)]
const unitName = one('ls-a', 'ls-b')

const unit = fc.oneof(
  task('systemd', {
    name: unitName,
    content: some(one(...unitTexts)),
    state: some(one('started', 'stopped')),
    enabled: some(fc.boolean()),
    dropins: some(one({ '10-n': '[Service]\nNice=3\n' }, { '10-n': null }, { '20-e': '[Service]\nEnvironment=A=1\n' })),
  }),
  task('systemd', { name: unitName, state: some(one('started', 'stopped')), enabled: some(fc.boolean()) }),
  task('systemd', { name: unitName, masked: fc.boolean(), state: some(one('stopped')) }),
  task('copy', { dest: unitName.map((name) => `/etc/systemd/system/${name}.service`), content: one(...unitTexts) }),
  task('file', { path: unitName.map((name) => `/etc/systemd/system/${name}.service`), state: one('absent') }),
  task('systemd', { name: one('cron'), state: some(one('started', 'stopped')), enabled: some(fc.boolean()) }),
)

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

const pack = fc.oneof(
  task('package', { name: one('hello', ['hello', 'tree'], 'tree'), state: some(one('present', 'absent', 'latest')) }),
  task('package', { name: one('cron'), state: some(one('present', 'absent')), purge: some(one(true)) }),
  task('file', { path: one('/usr/share/doc/hello', '/etc/cron.d', '/usr/bin/tree'), mode: one('0700', '0755') }),
  task('line-in-file', { path: one('/etc/crontab', '/etc/default/cron'), line: one('# line') }),
)

const kernel = fc.oneof(
  task('sysctl', { name: one('net.ipv4.conf.all.rp_filter', 'net.ipv4.ip_forward'), value: one(0, 1, '1') }),
  task('sysctl', { name: one('net.ipv4.tcp_rmem'), value: one('4096 131072 6291456', '4096\t131072  6291455') }),
)

const rule = fc.record({
  rule: one('allow', 'deny', 'limit'),
  port: one(8074, '8074:8075', '80,443'),
  proto: one('tcp', 'udp'),
  from: some(one('10.91.0.0/16', '10.91.3.9', 'any')),
  comment: some(one('one', 'two')),
})

const firewall = fc.oneof(
  rule.map((args) => ({ ufw: args })),
  fc.tuple(rule, one({ delete: true }, { insert: 1 })).map(([args, more]) => ({ ufw: { ...args, ...more } })),
  fc.array(rule, { minLength: 1, maxLength: 3 }).map((rules) => ({
    ufw: {
      managed: 'gen',
      rules: rules.map((args, index) => ({ ...args, port: 9000 + index, comment: `gen ${index}` })),
    },
  })),
  task('ufw', { default: one('deny', 'allow', { incoming: 'reject', routed: 'deny' }) }),
  task('ufw', { logging: one('off', 'low', 'on') }),
  task('ufw', { enabled: one(true, true, false) }),
  task('iptables-chain', {
    name: one('GEN'),
    from: one('OUTPUT', 'INPUT'),
    first: some(one(true)),
    rules: one([], ['-p tcp --dport 9 -j DROP'], ['-d 192.0.2.0/24 -j ACCEPT', '-p tcp --dport 9 -j DROP']),
  }),
  task('iptables-chain', { name: one('GEN'), state: one('absent') }),
)

const sshd = fc.oneof(
  task('sshd-config', { name: one('60-gen'), content: one('MaxAuthTries 4\n', 'MaxAuthTries 5\n') }),
  task('sshd-config', { name: one('60-gen'), state: one('absent') }),
)

const command = fc.oneof(
  one('/srv/cmd', '/srv/cmd/f').map((made) => ({ command: { argv: ['mkdir', '-p', made], creates: made } })),
  fc.oneof(path, one('/srv/cmd')).map((gone) => ({ command: { argv: ['rm', '-rf', gone], removes: gone } })),
  one('/srv/cmd', '/srv/cmd/f').map((made) => ({ file: { path: made, state: 'directory', mode: '0700' } })),
)

const looped = fc.oneof(
  one('copy', 'line').map((kind) =>
    kind === 'copy'
      ? { copy: { dest: '/srv/x/{{item}}', content: 'of {{item}}\n' }, loop: ['f', 'g'] }
      : { 'line-in-file': { path: '/srv/x/f', line: 'line {{item}}', create: true }, loop: ['a', 'b', 'c'] },
  ),
  fc.constantFrom<Task[]>(
    { ufw: { rule: 'allow', port: '{{item}}', proto: 'tcp' }, loop: [7001, 7002] },
    { file: { path: '/srv/{{item}}', state: 'directory' }, loop: ['x', 'x/y', 'x/y/z'] },
    { user: { name: '{{item}}' }, loop: ['u1', 'u2'] },
    { 'authorized-key': { user: '{{item}}', key: KEY_ONE }, loop: ['u1', 'u2'] },
    { group: { name: '{{item}}' }, loop: ['g1', 'g2'] },
  ),
)

/** One task of any module. */
const single: fc.Arbitrary<Task> = fc.oneof(
  { arbitrary: file, weight: 5 },
  { arbitrary: content, weight: 5 },
  { arbitrary: json, weight: 2 },
  { arbitrary: account, weight: 4 },
  { arbitrary: key, weight: 3 },
  { arbitrary: unit, weight: 4 },
  { arbitrary: pack, weight: 1 },
  { arbitrary: kernel, weight: 1 },
  { arbitrary: firewall, weight: 3 },
  { arbitrary: sshd, weight: 1 },
  { arbitrary: command, weight: 1 },
  { arbitrary: looped, weight: 2 },
)

/** What only holds together: a result that another task needs, and often is known after apply. */
const chains: fc.Arbitrary<Chunk> = fc.oneof(
  service,
  fc.tuple(single, single, one('R.changed', '!R.changed')).map(([first, second, when]) => [
    { ...first, register: 'R' },
    { ...second, when },
  ]),
  fc.tuple(single, single).map(([first, second]) => [{ ...first, notify: ['restart', 'stamp'] }, second]),
  one('/srv/x', '/home/u1', '/root').map(
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
      { copy: { dest: '/srv/key.txt', content: '{{K.public_key}}\n' } },
      { 'line-in-file': { path: '/srv/key.txt', line: 'below' } },
      {
        'line-in-file': { path: '/srv/key.txt', line: 'sealed' },
        when: "K.fingerprint.startsWith('SHA256:')",
        register: 'R',
      },
      { copy: { dest: '/srv/key.note', content: 'sealed\n' }, when: 'R.changed' },
    ],
  ),
  content.map(
    (inner): Chunk => [
      { file: { path: '/srv/x/y', state: 'directory' } },
      { file: { path: '/srv/x/cur', state: 'link', src: 'y' } },
      { copy: { dest: '/srv/x/cur/f', content: 'through a link\n', group: 'root' } },
      inner,
      { 'line-in-file': { path: '/srv/x/y/f', line: 'past the link' } },
    ],
  ),
  fc
    .boolean()
    .map(
      (isTemplate): Chunk => [
        { user: { name: 'u3' } },
        isTemplate
          ? { template: { dest: '/home/u3/f', src: 'host.hbs' }, become_user: 'u3' }
          : { copy: { dest: '/home/u3/f', content: 'own\n', mode: '0600' }, become_user: 'u3' },
        { 'line-in-file': { path: '/home/u3/f', line: 'mine' }, become_user: 'u3' },
      ],
    ),
  single.map((only): Chunk => [{ ...only, notify: ['stamp'] }, { meta: 'flush_handlers' }]),
  fc.tuple(single, single, single).map(([first, second, third]) => [{ block: [first, second], rescue: [third] }]),
)

export const chunk: fc.Arbitrary<Chunk> = fc.oneof(
  { arbitrary: single.map((only): Chunk => [only]), weight: 5 },
  { arbitrary: chains, weight: 2 },
)
