import { describe, expect, test } from 'vitest'
import { labExec } from '../../lab/exec.ts'
import { labCut, labFreeze, labHeal, labReboot, labThaw } from '../../lab/faults.ts'
import { until } from '../../lab/wait.ts'
import {
  clusterOf,
  keptConverged,
  type Node,
  pairs,
  proveConverged,
  proveOnFreshHosts,
  provePromise,
  rulesOf,
  say,
  untilAllAlive,
} from './mattermost.ts'
import { out, reloadSshd } from './play.ts'
import { proveRulesOutliveReloads, proveTunnelsServe, threeNodes, watchInClear, withEcho } from './three-nodes.ts'

const { nodes, one, two, three, lab } = threeNodes()
const names = nodes.map(({ name }) => name)
const KEY = '/var/lib/mm-tunnel/.ssh/id_ed25519'
const cluster = clusterOf(nodes, lab, { tunnel_ports: [8074, 8075] })
const open = clusterOf(nodes, lab, { tunnel_ports: [8074, 8075], udp_policy: 'gossip-encryption' })
const converged = keptConverged(cluster)

describe('on fresh hosts', () => {
  test('check names every change, touches nothing, and a run makes just those', async () => {
    const check = await proveOnFreshHosts(cluster)
    const late = check.results.filter(({ status }) => status === 'known-after-apply').map(({ task }) => task)
    expect([...new Set(late)]).toEqual(['Peers may open tunnels, and nothing else'])
    const named = new Set(check.changed.map((line) => line.replace(/^\S+ /, '')))
    expect([...named].sort()).toEqual(FRESH)
    expect(check.changed).toHaveLength(FRESH.length * names.length)
  })
})

/** What a fresh host lacks: all but what Debian brings. */
const FRESH = [
  'Each peer has a tunnel that restarts itself',
  'Gossip over UDP keeps to the policy',
  'Mattermost starts after its tunnels',
  'Nothing gets round the tunnels',
  'Peers are known by their host keys',
  'Peers may open tunnels, and nothing else',
  'The account has a folder for its key',
  'The account has a key pair',
  'The firewall is on',
  'The firewall lets administrators, clients and peers in',
  'The stand-in has a folder',
  'The stand-in has an account',
  "The stand-in is a service like Mattermost's own",
  'The stand-in is there',
  'The tunnels have an account of their own',
  'There is a folder for what the tunnels know',
  "The package's own service is out of the way",
  'What is sent to a peer goes into its tunnel',
  'reload sshd',
  'sshd lets the account forward to its ports and do nothing else',
].sort()

/** What can go wrong on a node, and which tasks set it right. */
interface Damage {
  what: string
  script: (peer: Node) => string
  tasks: string[]
}

const damages: Damage[] = [
  {
    what: 'a key line is gone',
    script: () => `sed -i 1d /var/lib/mm-tunnel/.ssh/authorized_keys`,
    tasks: ['Peers may open tunnels, and nothing else'],
  },
  {
    what: 'a foreign key is let in',
    script: () =>
      `ssh-keygen -q -t ed25519 -N '' -f /run/foreign && cat /run/foreign.pub >>/var/lib/mm-tunnel/.ssh/authorized_keys`,
    tasks: ['Peers may open tunnels, and nothing else'],
  },
  {
    what: 'a private key can be read by others',
    script: () => `chmod 0644 ${KEY}`,
    tasks: ['The account has a key pair'],
  },
  {
    what: 'the folder of the key is open',
    script: () => 'chmod 0755 /var/lib/mm-tunnel/.ssh',
    tasks: ['The account has a folder for its key'],
  },
  {
    what: 'a peer has another host key',
    script: (peer) =>
      `sed -i 's/^${peer.address} .*/${peer.address} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHhCRQLM3yXOPPj6kVJzB2oLXHtOEIhFq8OX4EcTnlxx/' /etc/mm-tunnels/known_hosts`,
    tasks: ['Peers are known by their host keys'],
  },
  {
    what: 'a rule of the firewall is gone',
    script: (peer) => `ufw delete allow proto tcp from ${peer.address} to any port 22`,
    tasks: ['The firewall lets administrators, clients and peers in'],
  },
  {
    what: 'a port is open again',
    script: () => 'ufw delete deny proto tcp to any port 8074',
    tasks: ['Nothing gets round the tunnels'],
  },
  { what: 'the firewall is off', script: () => 'ufw disable', tasks: ['The firewall is on'] },
  {
    what: 'a unit file is edited',
    script: (peer) =>
      `sed -i s/ServerAliveInterval=15/ServerAliveInterval=900/ /etc/systemd/system/mm-tunnel-${peer.name}.service`,
    tasks: ['Each peer has a tunnel that restarts itself'],
  },
  {
    what: 'a tunnel is stopped',
    script: (peer) => `systemctl stop mm-tunnel-${peer.name}`,
    tasks: ['Each peer has a tunnel that restarts itself'],
  },
  {
    what: 'a tunnel is disabled',
    script: (peer) => `systemctl disable mm-tunnel-${peer.name}`,
    tasks: ['Each peer has a tunnel that restarts itself'],
  },
  {
    what: 'a stranger joins the family of tunnels',
    script: (peer) =>
      `cp /etc/systemd/system/mm-tunnel-${peer.name}.service /etc/systemd/system/mm-tunnel-stranger.service; systemctl enable -q --now mm-tunnel-stranger`,
    tasks: ['Each peer has a tunnel that restarts itself'],
  },
  {
    what: 'the redirections are flushed',
    script: () => 'iptables -t nat -F MM-TUNNEL',
    tasks: ['What is sent to a peer goes into its tunnel'],
  },
  {
    what: 'the whole table of redirections is flushed',
    script: () => 'iptables -t nat -F',
    tasks: ['What is sent to a peer goes into its tunnel'],
  },
  {
    what: 'there is a second jump',
    script: () => 'iptables -t nat -A OUTPUT -j MM-TUNNEL',
    tasks: ['What is sent to a peer goes into its tunnel'],
  },
  {
    what: 'sshd lets the account do everything',
    script: () => `rm /etc/ssh/sshd_config.d/50-mm-tunnel.conf; ${reloadSshd}`,
    tasks: ['reload sshd', 'sshd lets the account forward to its ports and do nothing else'],
  },
  {
    what: 'Mattermost is stopped',
    script: () => 'systemctl stop mattermost',
    tasks: ['Mattermost starts after its tunnels'],
  },
  {
    what: 'Mattermost does not wait for its tunnels',
    script: () => 'rm -r /etc/systemd/system/mattermost.service.d; systemctl daemon-reload',
    tasks: ['Mattermost starts after its tunnels'],
  },
]

describe('damage to one thing on a host', () => {
  converged()
  const rounds = damages
    .filter((_, place) => place % nodes.length === 0)
    .map((_, turn) => damages.slice(turn * nodes.length, (turn + 1) * nodes.length))
    .map((round) => ({ round, what: round.map(({ what }) => what).join(', on another ') }))

  test.each(rounds)('is all that check names and a run repairs: $what', async ({ round }) => {
    const named = await Promise.all(
      round.map(async ({ script, tasks }, index) => {
        const [node, peer] = [nodes[index], nodes[(index + 1) % nodes.length]] as [Node, Node]
        await out(node.name, script(peer))
        return tasks.map((task) => `${node.name}: ${task}`)
      }),
    )
    expect(await provePromise(cluster)).toEqual(named.flat().sort())
  })
})

describe('cluster traffic', () => {
  converged()

  test('makes one cluster of all nodes', async () => {
    await untilAllAlive(nodes)
  })

  test.each([8074, 8075])('comes back from every other node on port %i, through its sshd', async (port) => {
    if (port === 8074) for (const node of nodes) await out(node.name, 'systemctl stop mattermost')
    try {
      await proveTunnelsServe(nodes, port)
    } finally {
      if (port === 8074) for (const node of nodes) await out(node.name, 'systemctl start mattermost')
    }
  })

  test('is never seen on the wire, over TCP or UDP, when UDP is dropped', async () => {
    await untilAllAlive(nodes)
    const capture = await watchInClear()
    await proveTunnelsServe(nodes, 8075)
    for (const [from, to] of pairs(nodes)) await sendDatagram(from, to)
    await out(one.name, 'serf event -coalesce=false greeting')
    expect(await capture.stop()).toEqual([])
  })

  test('passes over UDP and UDP alone when Mattermost encrypts its gossip itself', async () => {
    const changed = names.map((name) => `${name}: Gossip over UDP keeps to the policy`).sort()
    expect(await provePromise(open)).toEqual(changed)
    const capture = await watchInClear()
    for (const [from, to] of pairs(nodes)) await sendDatagram(from, to)
    await untilAllAlive(nodes)
    const seen = await capture.stop()
    for (const [from, to] of pairs(nodes)) {
      expect(
        seen.filter((line) => line.includes(`${from.address}.`) && line.includes(`> ${to.address}.8074: UDP`)),
      ).not.toEqual([])
    }
    expect(seen.filter((line) => !line.includes(': UDP'))).toEqual([])
    expect(await provePromise(cluster)).toEqual(changed)
  })
})

async function sendDatagram(from: Node, to: Node): Promise<void> {
  await labExec(from.name, ['bash', '-c', `echo hello >/dev/udp/${to.address}/8074`])
}

describe('without another run', () => {
  converged()

  test('the rules are the same after ufw was reloaded five times', async () => {
    const before = await proveRulesOutliveReloads(two)
    await out(two.name, 'systemctl restart ufw; ufw disable; ufw --force enable')
    expect(await rulesOf(two)).toEqual(before)
    expect(before.filter((line) => line.endsWith('-j MM-TUNNEL'))).toEqual(['-A OUTPUT -j MM-TUNNEL'])
  })

  test('a host that reboots is what it was', async () => {
    const before = await rulesOf(two)
    await labReboot(two.name)
    await untilTunnelsServe()
    await untilAllAlive(nodes)
    expect(await rulesOf(two)).toEqual(before)
    await proveConverged(cluster)
  })

  test('a tunnel whose ssh is killed comes back', async () => {
    const unit = `mm-tunnel-${two.name}`
    const before = await out(one.name, `systemctl show -P MainPID ${unit}`)
    await out(one.name, `kill -9 ${before}`)
    await until('another ssh holds the tunnel', async () => {
      const now = await out(one.name, `systemctl show -P MainPID ${unit}`)
      return now !== '0' && now !== before
    })
    await untilTunnelsServe()
  })

  test('tunnels to peers that hung and were cut off come back', async () => {
    const starts = async (peer: Node) =>
      Number(await out(one.name, `systemctl show -P NRestarts mm-tunnel-${peer.name}`))
    const before = [await starts(two), await starts(three)] as const
    await labFreeze(two.name)
    await labCut(three.name)
    try {
      await until(
        'both tunnels were given up',
        async () => (await starts(two)) > before[0] && (await starts(three)) > before[1],
        {
          limitMs: 180_000,
          everyMs: 1000,
        },
      )
    } finally {
      await labThaw(two.name)
      await labHeal(three.name)
    }
    await untilTunnelsServe()
    await untilAllAlive(nodes)
    await proveConverged(cluster)
  })
})

/** Bytes go from every node to every other one and come back. */
async function untilTunnelsServe(): Promise<void> {
  await withEcho(nodes, 8075, async () => {
    for (const [from, to] of pairs(nodes)) {
      await until(
        `${from.name} reaches ${to.name}`,
        async () => (await say('hello', from, to, 8075)) === 'hello by sshd',
        { limitMs: 180_000, everyMs: 500 },
      )
    }
  })
}

describe('the key of a tunnel', () => {
  converged()
  const options = [
    '-F none -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/etc/mm-tunnels/known_hosts',
    '-o ConnectTimeout=30 -o ExitOnForwardFailure=yes',
  ].join(' ')
  const peer = `mm-tunnel@${two.address}`

  async function ssh(words: string, { from = one, key = KEY } = {}) {
    const { code, stdout, stderr } = await labExec(from.name, [
      'sh',
      '-c',
      `timeout 60 ssh ${options} -i ${key} ${words} </dev/null`,
    ])
    return { code, stdout: stdout.toString(), stderr: stderr.toString() }
  }

  test('leads to the ports of the tunnel', async () => {
    await withEcho([two], 8075, async () => {
      // What is asked stays open until the answer is there: its end would end the tunnel.
      const asked = 'rm -f /run/answered; mkfifo /run/answered; (echo hello; cat /run/answered)'
      const answer = '{ read -r line; echo "$line"; : >/run/answered; }'
      const tunnel = `timeout 60 ssh ${options} -i ${KEY} -W ${two.address}:8075 ${peer}`
      const { stdout } = await labExec(one.name, ['sh', '-c', `${asked} | ${tunnel} | ${answer}`])
      expect(stdout.toString()).toBe('hello by sshd\n')
    })
  })

  test.each([
    { what: 'a command', words: `${peer} id`, why: '' },
    { what: 'a shell', words: peer, why: '' },
    { what: 'a terminal', words: `-tt ${peer}`, why: 'PTY allocation request failed' },
    { what: 'a forward to another port', words: `-W ${two.address}:22 ${peer}`, why: 'administratively prohibited' },
    {
      what: 'a forward to another address',
      words: `-W ${three.address}:8074 ${peer}`,
      why: 'administratively prohibited',
    },
    {
      what: 'a forward to the same port on the loopback',
      words: `-W 127.0.0.1:8074 ${peer}`,
      why: 'administratively prohibited',
    },
    { what: 'a remote forward', words: `-N -R 9999:127.0.0.1:22 ${peer}`, why: 'remote port forwarding failed' },
    {
      what: 'a remote forward of a socket',
      words: `-N -R /tmp/remote.sock:127.0.0.1:22 ${peer}`,
      why: 'remote port forwarding failed',
    },
    { what: 'SFTP', words: `-s ${peer} sftp`, why: '' },
  ])('is refused for $what', async ({ words, why }) => {
    const { code, stdout, stderr } = await ssh(words)
    expect(stderr).toContain(why)
    // What nologin(8) says to whoever gets past all else.
    expect(stdout.replace('This account is currently not available.\n', '')).toBe('')
    expect(code).not.toBe(0)
    expect(code, 'ssh was still connected after 60 s').not.toBe(124)
  })

  test('opens nothing from another address', async () => {
    await labExec(three.name, ['sh', '-c', 'umask 077; cat >/run/stolen'], {
      input: `${await out(one.name, `cat ${KEY}`)}\n`,
    })
    const { code, stderr } = await ssh(`-W ${two.address}:8074 ${peer}`, { from: three, key: '/run/stolen' })
    await out(three.name, 'rm /run/stolen')
    expect(stderr).toContain('Permission denied (publickey)')
    expect(code).toBe(255)
  })

  test('is no other than those that were exchanged', async () => {
    await out(one.name, `rm -f /run/other; ssh-keygen -q -t ed25519 -N '' -f /run/other`)
    const { code, stderr } = await ssh(`-W ${two.address}:8074 ${peer}`, { key: '/run/other' })
    expect(stderr).toContain('Permission denied (publickey)')
    expect(code).toBe(255)
  })
})
