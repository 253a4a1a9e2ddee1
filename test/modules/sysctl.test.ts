import { describe, expect, test } from 'vitest'
import { TaskFailure } from '../../engine/resource/module.ts'
import { ABSENT, type FileState, fileOf } from '../../engine/resource/read.ts'
import { sysctl } from '../../modules/sysctl.ts'

const NAME = 'vm.swappiness'

function have(running: string | undefined, saved: string | undefined, want: { name: string; value: string | number }) {
  const file = (text: string | undefined): FileState =>
    text === undefined ? ABSENT : fileOf(Buffer.from(text), { mode: 0o644 })
  const results = { running: file(running), saved: file(saved) }
  return sysctl.state?.(results, want) ?? expect.unreachable()
}

describe('sysctl plans', () => {
  const line = (value: number | string) => `vm.swappiness = ${value}\n`
  test.each([
    { title: 'nothing when both agree', want: 10, running: '10\n', saved: line(10), kinds: [] },
    { title: 'nothing when both agree on zero', want: 0, running: '0\n', saved: line(0), kinds: [] },
    {
      title: 'both on a fresh host, the kernel first',
      want: 10,
      running: '60\n',
      saved: undefined,
      kinds: ['set', 'save'],
    },
    { title: 'to save what was only set by hand', want: 10, running: '10\n', saved: undefined, kinds: ['save'] },
    { title: 'to set what is only saved', want: 10, running: '60\n', saved: line(10), kinds: ['set'] },
    { title: 'to set zero', want: 0, running: '60\n', saved: line(0), kinds: ['set'] },
    { title: 'to replace an empty value', want: 5, running: '\n', saved: line(5), kinds: ['set'] },
    { title: 'to save over an empty file', want: 5, running: '5\n', saved: '', kinds: ['save'] },
    { title: 'nothing for an empty value that is empty', want: '', running: '\n', saved: line(''), kinds: [] },
  ])('$title', ({ want, running, saved, kinds }) => {
    const args = { name: NAME, value: want }
    expect(sysctl.plan(args, have(running, saved, args)).changes.map(({ kind }) => kind)).toEqual(kinds)
  })

  test('nothing when the kernel prints tabs where people type spaces', () => {
    const args = { name: 'net.ipv4.tcp_rmem', value: '4096 131072  6291456' }
    const saved = 'net.ipv4.tcp_rmem = 4096 131072 6291456\n'
    expect(sysctl.plan(args, have('4096\t131072\t6291456\n', saved, args)).changes).toEqual([])
  })

  test('a failure for a parameter that the kernel does not have', () => {
    const args = { name: 'net.netfilter.nf_conntrack_max', value: 10 }
    expect(() => sysctl.plan(args, have(undefined, undefined, args))).toThrow(
      new TaskFailure(
        'the kernel has no parameter net.netfilter.nf_conntrack_max',
        'check the name, and that the kernel module it belongs to is loaded',
      ),
    )
  })
})

test.each([
  { name: 'net.ipv4.ip_forward', running: '/proc/sys/net/ipv4/ip_forward', saved: 'zz-net.ipv4.ip_forward.conf' },
  { name: 'net/ipv4/ip_forward', running: '/proc/sys/net/ipv4/ip_forward', saved: 'zz-net.ipv4.ip_forward.conf' },
  {
    name: 'net.ipv4.conf.eth0/100.rp_filter',
    running: '/proc/sys/net/ipv4/conf/eth0.100/rp_filter',
    saved: 'zz-net.ipv4.conf.eth0.100.rp_filter.conf',
  },
  {
    name: 'net/ipv4/conf/eth0.100/rp_filter',
    running: '/proc/sys/net/ipv4/conf/eth0.100/rp_filter',
    saved: 'zz-net.ipv4.conf.eth0.100.rp_filter.conf',
  },
])('$name is found in the kernel and in its file', ({ name, running, saved }) => {
  const reads = sysctl.reads({ name, value: 1 })
  expect([reads.running.path, reads.saved.path]).toEqual([running, `/etc/sysctl.d/${saved}`])
})

test('a value that the kernel refuses never reaches the file: setting comes first', () => {
  const args = { name: NAME, value: 'nonsense' }
  const { changes } = sysctl.plan(args, have('60\n', undefined, args))
  expect(changes.map(({ kind }) => kind)).toEqual(['set', 'save'])
})
