import { expect, test } from 'vitest'
import { parseFacts } from '../../engine/remote/facts.ts'
import { factsLike } from '../../engine/resource/facts.ts'

const answer = `kernel Linux 6.1.0-18-amd64 x86_64
hostname web1
os PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
os NAME="Debian GNU/Linux"
os VERSION_ID="12"
os VERSION_CODENAME=bookworm
os ID=debian
memory 8140276
cpus 4
init systemd
time 1767312000
addr 1: lo    inet 127.0.0.1/8 scope host lo
addr 2: eth0    inet 192.0.2.11/24 brd 192.0.2.255 scope global eth0
addr 2: eth0    inet6 2001:db8::11/64 scope global
addr 3: eth1    inet 10.0.0.1/8 scope global eth1
route default via 10.0.0.254 dev eth1 proto static
`

const parse = (text: string) => parseFacts({ code: 0, stdout: Buffer.from(text), stderr: Buffer.alloc(0) })

test('facts are what the host says of itself', () => {
  expect(parse(answer)).toEqual({
    os: { id: 'debian', name: 'Debian GNU/Linux', version: '12', codename: 'bookworm' },
    kernel: { name: 'Linux', release: '6.1.0-18-amd64' },
    architecture: 'x86_64',
    hostname: 'web1',
    memory_mib: 7949,
    cpus: 4,
    service_manager: 'systemd',
    addresses: { lo: ['127.0.0.1'], eth0: ['192.0.2.11', '2001:db8::11'], eth1: ['10.0.0.1'] },
    default_address: '10.0.0.1',
    time: 1767312000,
  })
})

test('a host that says nothing has every fact, and they are empty', () => {
  expect(parse('')).toEqual({ ...factsLike(() => ''), memory_mib: 0, cpus: 0, time: 0, addresses: {} })
})

test('facts have the names that are documented, and no others', () => {
  const names = (facts: object): string[] =>
    Object.entries(facts).flatMap(([name, value]) =>
      name === 'os' || name === 'kernel' ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name],
    )
  expect(names(parse(answer)).toSorted()).toEqual(names(factsLike(() => '')).toSorted())
})

test('without a default route the first address but that of the loop is the default', () => {
  expect(parse(answer.replace(/^route.*\n/m, '')).default_address).toBe('192.0.2.11')
})
