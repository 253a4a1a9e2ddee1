import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// A lab of its own, so that the one these tests run in keeps standing while this one falls.
process.env.LOCKSTEP_LAB = `${process.env.LOCKSTEP_LAB ?? 'lab'}-own`
const { labUp, labDown, labReset, labStatus } = await import('../../lab/lab.ts')
const { labExec, labCommand } = await import('../../lab/exec.ts')
const { labCut, labDelay, labFreeze, labHeal, labKill, labPowerOn, labReboot, labThaw } = await import(
  '../../lab/faults.ts'
)
const { labCapture } = await import('../../lab/capture.ts')
const { labDigest } = await import('../../lab/digest.ts')
const { labProcesses } = await import('../../lab/processes.ts')
const { hostGroup, killGroup, labGroup, leaderOf } = await import('../../lab/cgroup.ts')
const { runCommand } = await import('../../lab/command.ts')
const { hostRecord } = await import('../../lab/host.ts')
const { controllerNamespace, knownHostsFile, labName, placeOf, privateKeyFile, stateDirectory } = await import(
  '../../lab/place.ts'
)
const { until } = await import('../../lab/wait.ts')

const one = { name: 'one', address: '10.77.0.1' }
const two = { name: 'two', address: '10.77.0.2' }
const far = { name: 'far.example', address: '10.78.0.1', prefix: 16 }
const namespace = `/run/netns/${controllerNamespace}`
const quiet = () => {}

beforeAll(async () => {
  await labDown(quiet)
  await labUp({ hosts: [one, two, far], log: quiet })
})
afterAll(() => labDown(quiet))

describe('a lab that is up', () => {
  test('has every host running, with its own name and machine id', async () => {
    expect(labStatus().map(({ name, state }) => `${name} ${state}`)).toEqual(['far.example up', 'one up', 'two up'])
    const said = await Promise.all([one, two, far].map((host) => out(host.name, 'hostname; cat /etc/machine-id')))
    expect(said.map((lines) => lines.split('\n')[0])).toEqual(['one', 'two', 'far.example'])
    expect(new Set(said.map((lines) => lines.split('\n')[1])).size).toBe(3)
  })

  test('has no failed unit on any host', async () => {
    for (const { name } of [one, two, far]) expect(await out(name, 'systemctl --failed --no-legend')).toBe('')
  })

  test('lets ops in over ssh with host keys checked, who may become root', async () => {
    for (const host of [one, far]) expect(await ssh(host.address, 'sudo id -un')).toBe('root')
    expect(readFileSync(knownHostsFile, 'utf8')).toMatch(/^far\.example,10\.78\.0\.1 ssh-ed25519 /m)
  })

  test('lets no password in and nobody be root by logging in', async () => {
    expect(await out('one', 'getent shadow root ops | cut -d: -f2 | cut -c1')).toBe('!\n!')
  })

  test('joins its hosts by name, also over two subnets, and leads nowhere else', async () => {
    await untilReaches('one', 'two')
    await untilReaches('one', 'far.example')
    const away = await labExec('one', ['ping', '-c1', '-W1', '198.51.100.1'])
    expect(away.code).not.toBe(0)
    expect(await out('one', 'ls /sys/class/net')).toBe('eth0\nlo')
  })

  test('keeps what runs when asked for again', async () => {
    const before = [one, two, far].map(({ name }) => leaderOf(name))
    const said: string[] = []
    await labUp({ hosts: [one, two], log: (line) => said.push(line) })
    expect([one, two, far].map(({ name }) => leaderOf(name))).toEqual(before)
    expect(said).toEqual([])
  })

  test('hands input and output of a command through as bytes', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 0])
    const { code, stdout, stderr } = await labExec('one', ['sh', '-c', 'cat; echo no >&2; exit 7'], { input: bytes })
    expect({ code, stdout, stderr: stderr.toString() }).toEqual({ code: 7, stdout: bytes, stderr: 'no\n' })
  })

  test('runs a command as the account that is asked for', async () => {
    const { stdout } = await labExec('one', ['sh', '-c', 'id -un; echo $HOME'], { user: 'ops' })
    expect(stdout.toString()).toBe('ops\n/home/ops\n')
  })

  test('can install and remove from the shelf of packages, without a network', async () => {
    await out('one', 'apt-get -qq update && apt-get -qq install hello')
    expect(await out('one', 'hello')).toBe('Hello, world!')
    await out('one', 'apt-get -qq purge hello')
  })

  test('keeps the kernel parameters of the network apart, and the others read-only', async () => {
    await out('one', 'sysctl -qw net.ipv4.ip_forward=1')
    expect(await out('one', 'sysctl -n net.ipv4.ip_forward')).toBe('1')
    expect(await out('two', 'sysctl -n net.ipv4.ip_forward')).toBe('0')
    expect((await labExec('one', ['sysctl', '-w', 'vm.swappiness=60'])).code).not.toBe(0)
  })

  test('shows nothing of this machine in its image', async () => {
    expect(await out('one', 'cat /etc/resolv.conf; grep -rhE "^[^#]*(http|proxy)" /etc/apt')).toBe('')
  })

  test('names the host that it does not have', async () => {
    await expect(labExec('tow', ['true'])).rejects.toMatchObject({
      code: 'LAB_HOST_UNKNOWN',
      hint: "did you mean 'two'?",
    })
  })
})

describe('a digest', () => {
  test('is the same after looking around over ssh', async () => {
    const before = await labDigest('two')
    await ssh(
      two.address,
      'sudo ufw status; sudo iptables -S; systemctl list-units >/dev/null; dpkg -l >/dev/null; sudo find /etc -type f -exec cat {} + >/dev/null',
    )
    expect(await labDigest('two')).toEqual(before)
  })

  test('of its processes is the same after looking around over ssh, and shows a restart and what is left behind', async () => {
    const before = await labProcesses('two')
    await ssh(two.address, 'sudo true; ps -e >/dev/null')
    expect(await labProcesses('two')).toEqual(before)
    await out('two', 'systemctl restart systemd-journald; setsid -f sleep 1000 </dev/null >/dev/null 2>&1')
    const added = (await labProcesses('two')).filter((line) => !before.includes(line))
    await out('two', `kill ${/^orphan (\d+)/.exec(added[0] ?? '')?.[1]}`)
    expect(added.map((line) => line.replace(/ \d+/, ''))).toEqual(['orphan sleep', 'service systemd-journald.service'])
  })

  test.each([
    {
      what: 'a mode',
      change: 'chmod 600 /etc/issue',
      undo: 'chmod 644 /etc/issue',
      shows: /^file \/etc\/issue file 0600 /,
    },
    { what: 'a removed file', change: 'rm /etc/issue.net', undo: 'true', shows: /^file \/etc\/issue\.net removed / },
    {
      what: 'a rule',
      change: 'iptables -A INPUT -s 192.0.2.7 -j DROP',
      undo: 'iptables -F INPUT',
      shows: /^iptables-save filter -A INPUT -s 192\.0\.2\.7/,
    },
    {
      what: 'a stopped unit',
      change: 'systemctl stop dbus.socket dbus',
      undo: 'systemctl start dbus.socket',
      shows: /^unit dbus\.service loaded inactive/,
    },
    {
      what: 'a masked unit',
      change: 'systemctl mask cryptsetup.target',
      undo: 'systemctl unmask cryptsetup.target',
      shows: /^unit-file cryptsetup\.target masked/,
    },
    {
      what: 'a parameter',
      change: 'sysctl -qw net.ipv4.ip_default_ttl=63',
      undo: 'sysctl -qw net.ipv4.ip_default_ttl=64',
      shows: /^sysctl net\.ipv4\.ip_default_ttl 63/,
    },
    { what: 'a forgotten file', change: 'touch /tmp/left', undo: 'rm /tmp/left', shows: /^temporary \/tmp\/left / },
    {
      what: 'a file that came and went',
      change: 'touch /etc/x && rm /etc/x',
      undo: 'true',
      shows: /^file \/etc directory /,
    },
  ])('shows $what', async ({ change, undo, shows }) => {
    const before = await labDigest('two')
    await out('two', change)
    const added = (await labDigest('two')).filter((line) => !before.includes(line))
    await out('two', undo)
    expect(added.filter((line) => shows.test(line))).toHaveLength(1)
  })
})

describe('faults', () => {
  test('a reboot forgets rules that nobody saved, keeps files, and comes back', async () => {
    const boot = await out('one', 'cat /proc/sys/kernel/random/boot_id')
    await out('one', 'iptables -A INPUT -s 192.0.2.7 -j DROP; touch /root/kept; ufw allow 22/tcp; ufw --force enable')
    try {
      await labReboot('one')
      expect(await out('one', 'cat /proc/sys/kernel/random/boot_id')).not.toBe(boot)
      expect(await out('one', 'iptables -S INPUT | grep -c 192.0.2.7; ls /root/kept; ufw status | head -1')).toBe(
        '0\n/root/kept\nStatus: active',
      )
      expect(await ssh(one.address, 'id -un')).toBe('ops')
    } finally {
      await out('one', 'ufw --force disable')
    }
  })

  test('a host can reboot itself', async () => {
    const before = leaderOf('two')
    await runCommand(login(two.address, 'sudo systemctl reboot'))
    await until('two has left its old boot', () => leaderOf('two') !== before, { limitMs: 120_000 })
    const said: string[] = []
    await labUp({ hosts: [two], log: (line) => said.push(line) })
    expect(said).toEqual([])
    expect(await ssh(two.address, 'id -un')).toBe('ops')
  })

  test('a cut host is reached by nobody, not even after a reboot, until it is healed', async () => {
    const reaches = async () => (await labExec('two', ['ping', '-c3', '-i0.5', '-W2', 'one'])).code === 0
    await untilReaches('two', 'one')
    await labCut('one')
    try {
      expect(await reaches()).toBe(false)
      await labReboot('one')
      expect(await reaches()).toBe(false)
      expect(labStatus().find(({ name }) => name === 'one')?.isCut).toBe(true)
    } finally {
      await labHeal('one')
    }
    await untilReaches('two', 'one')
  })

  test('a delay makes every round trip longer, over a reboot too, and zero ends it', async () => {
    // The shortest of several: no load makes a delayed one shorter, and one that is not delayed finds a quiet moment.
    const roundTripMs = async () =>
      Number(/= ([\d.]+)\//.exec(await out('two', 'ping -q -i0.2 -c5 one | tail -1; true'))?.[1])
    await labDelay('one', 60)
    try {
      await untilReaches('two', 'one')
      expect(await roundTripMs()).toBeGreaterThan(59)
      await labReboot('one')
      await untilReaches('two', 'one')
      expect(await roundTripMs()).toBeGreaterThan(59)
      expect(await ssh(one.address, 'head -c 300000 /dev/zero | wc -c')).toBe('300000')
    } finally {
      await labDelay('one', 0)
    }
    await untilReaches('two', 'one')
    expect(await roundTripMs()).toBeLessThan(59)
  })

  test('a frozen host stands still until it is thawed', async () => {
    await labFreeze('one')
    try {
      expect(labStatus().find(({ name }) => name === 'one')?.state).toBe('frozen')
      await expect(labExec('one', ['true'])).rejects.toMatchObject({ code: 'LAB_HOST_FROZEN' })
    } finally {
      await labThaw('one')
    }
    expect(await out('one', 'echo again')).toBe('again')
  })

  test('a power cut says no farewell, and the disk is there afterwards', async () => {
    await out('one', 'touch /root/before-the-cut')
    const listener = labExec('one', ['nc', '-l', '-p', '7777'])
    await until('one listens', async () => (await out('one', 'ss -Hltn sport = 7777')) !== '')
    const talker = labExec('two', ['nc', 'one', '7777'], { input: 'x' })
    try {
      await until('two talks to it', async () => (await out('two', 'ss -Htn state established dport = 7777')) !== '')
      const capture = await labCapture(`host ${one.address} and tcp[tcpflags] & (tcp-fin|tcp-rst) != 0`)
      await labKill('one')
      await listener
      expect((await capture.stop()).filter((line) => line.includes(`IP ${one.address}`))).toEqual([])
      await expect(labExec('one', ['true'])).rejects.toMatchObject({ code: 'LAB_HOST_OFF' })
    } finally {
      await labPowerOn('one')
      await out('two', 'pkill nc')
      await talker
    }
    expect(await out('one', 'ls /root/before-the-cut')).toBe('/root/before-the-cut')
  })
})

describe('a capture', () => {
  test('sees every packet between two hosts, with its text', async () => {
    // A neighbour that is not known yet may cost the first packet.
    await untilReaches('one', 'two')
    const capture = await labCapture('udp port 8074', { isText: true })
    await out('one', `bash -c 'for i in 1 2 3 4 5; do echo in-clear-$i >/dev/udp/${two.address}/8074; done'`)
    const seen = (await capture.stop()).join('\n')
    expect(seen.match(/in-clear-\d/g)).toEqual(['in-clear-1', 'in-clear-2', 'in-clear-3', 'in-clear-4', 'in-clear-5'])
  })

  test('of nothing is empty', async () => {
    const capture = await labCapture('udp port 8074')
    expect(await capture.stop()).toEqual([])
  })

  test('with a broken filter is a problem', async () => {
    await expect(labCapture('tcp prot 5')).rejects.toMatchObject({ code: 'LAB_CAPTURE' })
  })
})

describe('up after a crash', () => {
  test.each([
    { title: 'of a host', crash: () => killGroup(hostGroup('one')) },
    { title: 'of what would boot it again', crash: () => killGroup(`${hostGroup('one')}/loop`) },
    { title: 'that froze it', crash: () => labFreeze('one') },
    { title: 'that cut it off', crash: () => labCut('one') },
    {
      title: 'of the process that delays it',
      crash: () => labDelay('one', 2).then(() => killGroup(`${labGroup()}/delays/one`)),
    },
    {
      title: 'while its disk was made',
      crash: () => killGroup(hostGroup('one')).then(() => rmSync(placeOf('one').record)),
    },
    {
      title: 'that took its root away',
      crash: () => out('one', 'rm -rf /usr/lib/systemd; true').then(() => killGroup(hostGroup('one'))),
    },
    { title: 'that left a namespace in name only', crash: leaveStaleNamespace },
  ])('$title has it running again', async ({ crash }) => {
    await crash()
    await labUp({ hosts: [one, two, far], log: quiet })
    expect(await ssh(one.address, 'id -un')).toBe('ops')
    await untilReaches('two', 'one')
    await labDelay('one', 0)
  })
})

describe('a reset', () => {
  test('gives a disk as new and keeps keys, so that known_hosts stays true', async () => {
    const before = readFileSync(knownHostsFile, 'utf8')
    await out('two', 'touch /root/gone; chmod 600 /etc/issue')
    await labReset(['two'], quiet)
    expect(await out('two', 'ls /root; stat -c %a /etc/issue')).toBe('644')
    expect(readFileSync(knownHostsFile, 'utf8')).toBe(before)
    expect(await ssh(two.address, 'id -un')).toBe('ops')
  })
})

describe('other hosts than before', () => {
  test.each(['bullseye', 'trixie'] as const)('may be of %s', async (suite) => {
    await labUp({ hosts: [{ ...two, suite }], log: quiet })
    expect(await out('two', '. /etc/os-release; echo $VERSION_CODENAME; systemctl is-system-running')).toBe(
      `${suite}\nrunning`,
    )
    expect(
      await ssh(
        two.address,
        'sudo ufw allow 22/tcp >/dev/null && sudo ufw --force enable >/dev/null && sudo ufw status | head -1',
      ),
    ).toBe('Status: active')
  })

  test('may have more packages, whose services run as on a real host', async () => {
    await labUp({ hosts: [{ ...two, packages: ['nginx-light', 'serf'] }], log: quiet })
    expect(await out('two', 'systemctl is-active nginx; command -v serf')).toBe('active\n/usr/bin/serf')
    expect(hostRecord('two').layers).toHaveLength(2)
  })
})

describe('down', () => {
  test('leaves nothing behind but cached images', async () => {
    const group = labGroup()
    await labDown(quiet)
    expect(labStatus()).toEqual([])
    expect([stateDirectory, group, namespace].filter((path) => existsSync(path))).toEqual([])
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(labName)
    expect(processesNaming(`/${labName}/`)).toEqual([])
    expect(() => labCommand(['true'])).toThrow(expect.objectContaining({ code: 'LAB_DOWN' }))
  })

  test('does nothing when nothing is up', async () => {
    await labDown(quiet)
    expect(labStatus()).toEqual([])
  })
})

async function out(host: string, script: string): Promise<string> {
  return (await labExec(host, ['sh', '-c', script])).stdout.toString().trim()
}

/** A neighbour that is not known yet may cost the first packets. */
async function untilReaches(from: string, to: string): Promise<void> {
  await until(`${from} reaches ${to}`, async () => (await labExec(from, ['ping', '-c1', '-W1', to])).code === 0)
}

async function ssh(address: string, command: string): Promise<string> {
  const result = await runCommand(login(address, command))
  expect(result).toMatchObject({ code: 0 })
  return result.stdout.toString().trim()
}

/** As a user logs in: with the lab's key, and the host's key checked. */
function login(address: string, command: string): string[] {
  const files = ['-i', privateKeyFile, '-o', `UserKnownHostsFile=${knownHostsFile}`]
  const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes']
  // The host may go down without a word.
  const alive = ['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=6']
  return labCommand(['ssh', '-F', 'none', ...files, ...strict, ...alive, `ops@${address}`, command])
}

async function leaveStaleNamespace(): Promise<void> {
  await runCommand(['ip', 'netns', 'del', controllerNamespace])
  mkdirSync('/run/netns', { recursive: true })
  writeFileSync(namespace, '')
}

function processesNaming(text: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(commandLine).filter((line) => line.includes(text))
}

/** Processes come and go while we look. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code))) return ''
    throw error
  }
}
