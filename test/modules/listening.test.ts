import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isListening, loopbackOf, parseListeners, parseUnixListeners } from '../../modules/listening.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url))
const listeners = parseListeners({ code: 0, stdout: fixture('proc-net-tcp.txt'), stderr: Buffer.alloc(0) })

test('sockets that listen are told from those that are connected', () => {
  expect(listeners).toEqual([
    { address: '00000000', port: 22 },
    { address: '0200517F', port: 8074 },
    { address: '0100007F', port: 8981 },
    { address: '00000000000000000000000000000000', port: 22 },
    { address: '00000000000000000000000000000000', port: 8065 },
    { address: '0000000000000000FFFF00000100007F', port: 9001 },
    { address: '00000000000000000000000001000000', port: 9000 },
  ])
})

test.each([
  ['127.0.0.1', 22, true],
  ['127.0.0.1', 8981, true],
  ['127.0.0.2', 8981, false],
  ['127.81.0.2', 8074, true],
  ['127.0.0.1', 8074, false],
  ['127.0.0.1', 8065, true],
  ['127.0.0.1', 9001, true],
  ['127.0.0.1', 9000, false],
  ['::1', 9000, true],
  ['::1', 22, true],
  ['::1', 8981, false],
  ['127.0.0.1', 36160, false],
])('%s takes connections to port %d: %s', (host, port, expected) => {
  expect(isListening(listeners, host, port)).toBe(expected)
})

test('nothing listens on a host without the tables', () => {
  const none = parseListeners({ code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) })
  expect(isListening(none, '127.0.0.1', 22)).toBe(false)
})

test.each([
  ['localhost', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['127.81.0.2', '127.81.0.2'],
  ['::1', '::1'],
  ['10.0.0.1', undefined],
  ['mm2', undefined],
  ['127.example.org', undefined],
])('%s is the loopback address %s', (host, expected) => {
  expect(loopbackOf(host)).toBe(expected)
})

test('Unix sockets that listen are told from those that are bound or connected', () => {
  const paths = parseUnixListeners(fixture('proc-net-unix.txt').toString())
  expect(paths).toContain('/run/systemd/private')
  expect(paths).toContain('/run/dbus/system_bus_socket')
  expect(paths).not.toContain('/run/systemd/notify')
  expect(parseUnixListeners('')).toEqual([])
})
