import { describe, expect, test } from 'vitest'
import { labReboot } from '../../lab/faults.ts'
import { until } from '../../lab/wait.ts'
import { clusterOf, keptConverged, proveOnFreshHosts, provePromise, rulesOf, untilAllAlive } from './mattermost.ts'
import { out } from './play.ts'
import { proveRulesOutliveReloads, proveTunnelsServe, threeNodes, watchInClear } from './three-nodes.ts'

const { nodes, one, two, three, lab } = threeNodes()
const cluster = clusterOf(nodes, lab, { tunnel_layout: 'guide', tunnel_ports: [8074, 8075] })
const supervised = clusterOf(nodes, lab, { tunnel_ports: [8074, 8075] })
const converged = keptConverged(cluster)

describe("the guide's layout", () => {
  test('is announced by check and made by a run, and by that alone', async () => {
    await proveOnFreshHosts(cluster)
    await untilAllAlive(nodes)
  })
})

describe("the guide's layout, once it is made,", () => {
  converged()

  test('carries bytes from every node to every other one through sshd, and none in clear', async () => {
    const capture = await watchInClear()
    await proveTunnelsServe(nodes, 8075)
    await out(one.name, 'serf event -coalesce=false greeting')
    expect(await capture.stop()).toEqual([])
  })

  test('has one set of rules after ufw was reloaded five times', async () => {
    const rules = await proveRulesOutliveReloads(two)
    expect(rules.filter((line) => /^-A (OUTPUT|MM-GUIDE) .*(DNAT|MM-GUIDE)/.test(line))).toHaveLength(5)
  })

  test('is what it was after a reboot', async () => {
    const before = await rulesOf(two)
    await labReboot(two.name)
    await until(
      'Mattermost is up',
      async () => (await out(two.name, 'systemctl is-active mattermost || :')) === 'active',
    )
    expect(await rulesOf(two)).toEqual(before)
    expect(await out(two.name, 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1')
    // What led to the host that was away ends when it is used, and a run opens it anew.
    const use = `for port in 8074 8075; do timeout 5 bash -c "echo >/dev/tcp/${two.address}/$port"; done 2>/dev/null`
    const count = `ss -Hltnp src 127.0.0.1 | grep -c '"ssh"' || :`
    for (const { name } of [one, three])
      await until(
        `${name} has no tunnels but to its other peer`,
        async () => (await out(name, `${use}; ${count}`)) === '2',
      )
    await cluster.converge()
    await untilAllAlive(nodes)
  })

  test('gets its tunnels back from a run when their ssh has died', async () => {
    const theirs = String.raw`ss -Hltnp src 127.0.0.1 | sed -n 's/.*"ssh",pid=\([0-9]*\).*/\1/p'`
    await out(one.name, `kill $(${theirs}); while [ -n "$(${theirs})" ]; do sleep 0.05; done`)
    const changed = await provePromise(cluster)
    expect(changed).toEqual([`${one.name}: Tunnels to peers that answer are open`])
    await untilAllAlive(nodes)
  })

  test.each([
    {
      what: 'a redirection is gone',
      script: `sed -i '/MM-GUIDE.*--dport 8074.*${three.address}/d; /${three.address} --dport 8074/d' /etc/ufw/after.rules`,
      tasks: ['Redirections to the local ends of the tunnels', 'reload ufw'],
    },
    {
      what: 'the jump is not made',
      script: 'sed -i /MM-GUIDE/d /etc/ufw/after.init',
      tasks: ['One jump to the redirections, however often ufw is reloaded', 'reload ufw'],
    },
    {
      what: 'the jump may not be made',
      script: 'chmod 0640 /etc/ufw/after.init',
      tasks: ['One jump to the redirections, however often ufw is reloaded', 'reload ufw'],
    },
    {
      what: 'the redirections are flushed',
      script: 'iptables -t nat -F',
      tasks: ['The redirections are in the kernel too'],
    },
    {
      what: 'forwarding is off',
      script: 'sysctl -qw net.ipv4.ip_forward=0',
      tasks: ['IP forwarding, as the guide asks'],
    },
    {
      what: 'the script is lost in an upgrade',
      script: 'rm /opt/mattermost/bin/pre_start.sh',
      tasks: ['The tunnels open before Mattermost starts', 'restart mattermost'],
    },
    {
      what: 'the unit does not call the script',
      script: 'rm -r /etc/systemd/system/mattermost.service.d; systemctl daemon-reload',
      tasks: ["Mattermost's unit calls them", 'restart mattermost'],
    },
    {
      what: 'Mattermost is stopped',
      script: 'systemctl stop mattermost',
      tasks: ["Mattermost's unit calls them", 'restart mattermost'],
    },
  ])('is repaired where $what', async ({ script, tasks }) => {
    await out(two.name, script)
    expect(await provePromise(cluster)).toEqual(tasks.map((task) => `${two.name}: ${task}`).sort())
  })

  test('gives way to supervised tunnels and comes back, and nothing of either stays in the way', async () => {
    await provePromise(supervised)
    await untilAllAlive(nodes)
    const natRules = async () => (await rulesOf(two)).filter((line) => /MM-/.test(line))
    expect((await natRules()).filter((line) => line.includes('MM-GUIDE'))).toEqual([])
    await out(two.name, 'ufw reload')
    expect((await natRules()).filter((line) => line.includes('MM-GUIDE'))).toEqual([])
    await provePromise(cluster)
    await untilAllAlive(nodes)
    expect((await natRules()).filter((line) => line.includes('MM-TUNNEL'))).toEqual([])
    expect(await out(two.name, 'ls /etc/systemd/system')).not.toContain('mm-tunnel-')
  })
})
