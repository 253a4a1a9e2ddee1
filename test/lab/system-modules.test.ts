import { describe, expect, test } from 'vitest'
import type { Mode } from '../../engine/report/event.ts'
import { files, freshHosts, inventoryText, out, playOn } from './play.ts'

const hosts = [
  { name: 'system1', address: '10.91.1.1', suite: 'bookworm' },
  { name: 'system2', address: '10.91.1.2', suite: 'bullseye' },
  { name: 'system3', address: '10.91.1.3', suite: 'trixie' },
] as const
const lab = freshHosts(hosts)

/** Checks or runs tasks on all three. */
async function play(mode: Mode, tasks: string) {
  using at = files({
    'play.yml': `- hosts: all\n  become: true\n  tasks:\n${tasks.trim().replace(/^/gm, '    ')}\n`,
    'inventory.yml': inventoryText(Object.fromEntries(hosts.map(({ name, address }) => [name, { address }]))),
  })
  const { access } = lab
  return await playOn({ playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access, mode })
}

async function onAll(script: string): Promise<string[]> {
  return await Promise.all(hosts.map(({ name }) => out(name, script)))
}

const STATE = `
- sysctl: { name: net.ipv4.conf.all.rp_filter, value: 1 }
- group: { name: crew, gid: 4700 }
- user: { name: alice, groups: [crew], shell: /bin/bash, password: "$6$salt$0123456789abcdef" }
- systemd:
    name: lab-sleep
    content: |
      [Service]
      ExecStart=/bin/sleep infinity
      [Install]
      WantedBy=multi-user.target
    dropins: { nice: "[Service]\\nNice=5\\n" }
    state: started
    enabled: true
- systemd:
    name: lab-each@
    content: |
      [Service]
      ExecStart=/bin/sleep infinity
      [Install]
      WantedBy=multi-user.target
- systemd: { name: lab-each@one, state: started, enabled: true }
- systemd: { name: lab-each@two, state: started }
- package: { name: hello, update_cache: true }
`

describe('on three Debian releases', () => {
  test('a declared state is made, stays, and each thing that is damaged is found and mended', async () => {
    const check = await play('check', STATE)
    const run = await play('run', STATE)
    expect({ failed: run.failed, foreseen: run.mispredicted }).toEqual({ failed: [], foreseen: [] })
    expect(run.changed).toEqual(check.changed)
    expect((await play('run', STATE)).changed).toEqual([])
    const damage: [string, string[]][] = [
      ['echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter', ['sysctl net.ipv4.conf.all.rp_filter']],
      ['rm /etc/sysctl.d/zz-net.ipv4.conf.all.rp_filter.conf', ['sysctl net.ipv4.conf.all.rp_filter']],
      ['groupmod -g 4799 crew', ['group crew']],
      ['gpasswd -d alice crew', ['user alice']],
      ['usermod -s /bin/sh alice', ['user alice']],
      ['usermod -p "*" alice', ['user alice']],
      ['rm -r /home/alice', ['user alice']],
      ['systemctl stop lab-sleep', ['systemd lab-sleep']],
      ['systemctl disable lab-sleep', ['systemd lab-sleep']],
      ['echo >>/etc/systemd/system/lab-sleep.service.d/nice.conf', ['systemd lab-sleep']],
      ['touch -d tomorrow /etc/systemd/system/lab-sleep.service', ['systemd lab-sleep']],
      ['echo "# edited" >>/etc/systemd/system/lab-each@.service', ['systemd lab-each@']],
      [
        'systemctl kill -s KILL lab-each@two; while systemctl is-active --quiet lab-each@two; do :; done',
        ['systemd lab-each@two'],
      ],
      ['apt-get -qq remove hello', ['package hello']],
    ]
    for (const [script, tasks] of damage) {
      await onAll(`{ ${script}; } >/dev/null 2>&1`)
      const expected = hosts.flatMap(({ name }) => tasks.map((task) => `${name}: ${task}`))
      expect({ script, changed: (await play('check', STATE)).changed }).toEqual({ script, changed: expected })
      expect({ script, changed: (await play('run', STATE)).changed }).toEqual({ script, changed: expected })
    }
    expect((await play('check', STATE)).changed).toEqual([])
  })

  test('a value that the kernel refuses leaves its file alone', async () => {
    const { failed } = await play('run', '- sysctl: { name: net.ipv4.conf.all.log_martians, value: nonsense }')
    expect(failed.map((text) => text.split('\n')[0])).toEqual(
      hosts.map(({ name }) => expect.stringMatching(new RegExp(`^${name}: .*the kernel refuses nonsense`))),
    )
    await onAll('test ! -e /etc/sysctl.d/zz-net.ipv4.conf.all.log_martians.conf')
  })

  test('a unit that does not come up fails with the end of its journal', async () => {
    const crash = (name: string, command: string) => `- systemd:
    name: ${name}
    content: |
      [Service]
      Restart=always
      ExecStart=/bin/sh -c '${command}'
- restart: ${name}
`
    for (const [name, command, words] of [
      ['lab-dead', 'echo no config; exit 4', 'lab-dead.service'],
      ['lab-loop', 'sleep 0.1; exit 4', 'lab-loop.service'],
    ] as const) {
      const { results } = await play('run', crash(name, command))
      const failures = results.filter(({ module }) => module === 'restart').map(({ failure }) => failure)
      expect(failures.map((failure) => failure?.message)).toEqual(hosts.map(() => expect.stringContaining(words)))
      for (const failure of failures) expect(failure?.hint).toContain('its journal ends with')
      await onAll(`systemctl stop ${name}`)
    }
  })

  test('a unit that has lost its file is restarted from memory, until something has systemd read its files, as check says', async () => {
    const unit = '[Service]\\nExecStart=/bin/sleep infinity\\n'
    await onAll(
      `printf '${unit}' >/etc/systemd/system/lab-gone.service && systemctl daemon-reload && systemctl start lab-gone &&
      rm /etc/systemd/system/lab-gone.service`,
    )
    const restart = '- restart: lab-gone'
    const named = (await play('check', restart)).changed
    expect(named).toHaveLength(hosts.length)
    const run = await play('run', restart)
    expect({ failed: run.failed, changed: run.changed }).toEqual({ failed: [], changed: named })
    const behind = `- systemd: { name: lab-beside, content: "${unit}" }\n${restart}`
    const sentences = async (mode: Mode) => (await play(mode, behind)).failed.map((text) => text.split('\n')[0])
    const foreseen = await sentences('check')
    expect(foreseen).toEqual(hosts.map(() => expect.stringContaining('has no unit lab-gone.service')))
    expect(await sentences('run')).toEqual(foreseen)
  })

  test('waiting ends when the thing is there, and check mode defers to what comes before', async () => {
    const late = `
- shell: (sleep 1; exec busybox nc -l -p 8099 -e /bin/echo hello) >/dev/null 2>&1 &
- wait-for: { port: 8099, expect: "^hel(lo)", timeout: 60 }
  register: said
- assert: { that: 'said.groups == ["lo"]' }
`
    const check = await play('check', late)
    expect(check.results.filter(({ module }) => module === 'wait-for').map(({ status }) => status)).toEqual(
      hosts.map(() => 'deferred'),
    )
    expect((await play('run', late)).failed).toEqual([])
  })

  test('a secret is in no process list, file or journal', async () => {
    await onAll(WATCH)
    try {
      const { failed } = await play(
        'run',
        `
- user: { name: carol, password: "$6$salt$opensesame" }
- shell: { cmd: "seen; test $(cat) = opensesame # opensesame", stdin: opensesame }
- http: { url: "http://127.0.0.1:9/", headers: { X-Token: opensesame }, method: POST, body: opensesame, timeout: 2 }
  ignore_errors: true
`,
      )
      expect(failed).toEqual([])
    } finally {
      await onAll(UNWATCH)
    }
    for (const program of ['useradd', 'chpasswd', 'curl']) await onAll(`grep -qa bin/${program} /run/watched`)
    await onAll('! grep -a opensesame /run/watched')
    await onAll('! grep -rl opensesame /tmp /var/tmp /var/log /run --exclude=watched 2>/dev/null')
  })
})

/** Keeps looking at all processes of a host; what is to be seen runs only when it has been looked at twice. */
const WATCH = `set -e
: >/run/passes
cat >/usr/local/bin/seen <<'END'
#!/bin/sh
passes() { wc -l </run/passes; }
enough=$(($(passes) + 2))
until [ "$(passes)" -ge "$enough" ]; do sleep 0.02; done
END
chmod 755 /usr/local/bin/seen
for program in /usr/sbin/useradd /usr/sbin/chpasswd /usr/bin/curl; do
  printf '#!/bin/sh\\nseen\\nexec %s "$@"\\n' $program >/usr/local/sbin/\${program##*/}
  chmod 755 /usr/local/sbin/\${program##*/}
done
look='while :; do cat /proc/[0-9]*/cmdline; echo; echo >>/run/passes; done 2>/dev/null >/run/watched'
systemd-run --quiet --unit=lab-watch sh -c "$look"`
const UNWATCH =
  'systemctl stop lab-watch; cd /usr/local && rm -f bin/seen sbin/useradd sbin/chpasswd sbin/curl && rm -f /run/passes'
