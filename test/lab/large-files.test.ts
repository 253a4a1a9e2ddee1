import { createHash, randomBytes } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { RemoteHost } from '../../engine/remote/host.ts'
import { temporaryOf } from '../../engine/resource/write-text.ts'
import { expectForeseen, files, freshHosts, inventoryText, out, type PlayOptions, playOn } from './play.ts'

const MEBIBYTE = 1024 * 1024
const PIECE = 16 * MEBIBYTE
const SIZE = 64 * MEBIBYTE + 5
/** What is sent beside the file: probes, scripts, the lock. */
const TALK = 64 * 1024

const host = { name: 'large1', address: '10.105.0.1' }
const at = files({
  'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
  'ssh.yml': inventoryText({ [host.name]: { address: host.address, connection: 'openssh' } }),
  'image.yml': `- hosts: all
  become: true
  tasks:
    - name: the image
      copy: { src: image, dest: /srv/image, mode: "0640", group: adm }
`,
  'page.yml': `- hosts: all
  tasks:
    - name: the page
      copy: { content: "{{ page }}", dest: "/home/ops/page" }
`,
})
const bytes = randomBytes(SIZE)
const lab = freshHosts([host])
const sockets = new Set<Socket>()
const note = (message: unknown) => sockets.add((message as { socket: Socket }).socket)

beforeAll(() => {
  writeFileSync(at.path('image'), bytes)
  subscribe('net.client.socket', note)
})
afterEach(() => sockets.clear())
afterAll(() => {
  unsubscribe('net.client.socket', note)
  at[Symbol.dispose]()
})

const play = (options: Partial<PlayOptions> & Pick<PlayOptions, 'mode'>) =>
  playOn({ playbook: at.path('image.yml'), inventory: at.path('inventory.yml'), access: lab.access, ...options })
const sumOf = (path: string) => out(host.name, `sha256sum <${path}`).then((text) => text.split(' ')[0])
const sum = createHash('sha256').update(bytes).digest('hex')

/** Does something once so much has been sent to the host. */
function whenSent(size: number, deed: () => void) {
  return (_: string, remote: RemoteHost): RemoteHost => ({
    ...remote,
    get way() {
      return remote.way
    },
    round: async (work) => {
      let isOver = false
      const done = remote.round(work).finally(() => {
        isOver = true
      })
      // Who looks at the result comes later.
      done.catch(() => {})
      while (!isOver && remote.traffic.bytesSent < size) await turn()
      if (!isOver) deed()
      return await done
    },
  })
}

test('a file of 64 MiB goes on where a cut connection and an interrupted run have left it, and no byte goes twice', async () => {
  const cut = await play({
    mode: 'run',
    around: whenSent(20 * MEBIBYTE, () => {
      for (const socket of sockets) socket.destroy()
    }),
  })
  expect(cut.failed).toEqual([expect.stringContaining('large1: the image: The connection to large1')])
  const temporary = temporaryOf('/srv/image')
  // What had come is still being written.
  await out(host.name, 'while pgrep -x head >/dev/null; do sleep 0.05; done')
  const first = Number(await out(host.name, `stat -c %s ${temporary}`))
  expect(first).toBeGreaterThanOrEqual(PIECE)
  expect(first).toBeLessThan(SIZE)
  expect(await out(host.name, `stat -c '%a %U' ${temporary}; ls -A /srv`)).toBe(
    `600 root\n${temporary.slice('/srv/'.length)}`,
  )

  const stop = new AbortController()
  const interrupted = await play({
    mode: 'run',
    signal: stop.signal,
    around: whenSent(MEBIBYTE, () => stop.abort()),
  })
  expect(interrupted.failed).toEqual(['large1: the image: Sending /srv/image to large1 was interrupted.'])
  const second = Number(await out(host.name, `stat -c %s ${temporary}`))
  expect((second - first) % PIECE).toBe(0)
  expect(second).toBeGreaterThan(first)
  expect(interrupted.summary.hosts.large1?.bytesSent).toBeLessThan(second - first + TALK)

  const check = await play({ mode: 'check' })
  expect(check.results[0]?.differences).toMatchObject([
    { kind: 'write', before: undefined, after: `${SIZE} bytes with the SHA-256 ${sum}` },
  ])
  const run = await play({ mode: 'run' })
  expect(run.failed).toEqual([])
  expectForeseen(check, run)
  expect(run.mispredicted).toEqual([])
  expect(await sumOf('/srv/image')).toBe(sum)
  expect(await out(host.name, "stat -c '%a %U:%G' /srv/image; ls -A /srv")).toBe('640 root:adm\nimage')
  const rest = SIZE - second
  expect(run.summary.hosts.large1?.bytesSent).toBeGreaterThan(rest)
  expect(run.summary.hosts.large1?.bytesSent).toBeLessThan(rest + TALK)
  // The look; then the lock, what is there, each piece, the proof; then the place and the look again.
  expect(run.summary.hosts.large1?.rounds).toBe(1 + 2 + Math.ceil(rest / PIECE) + 1 + 1)

  const again = await play({ mode: 'run' })
  expect(again.changed).toEqual([])
  expect(again.summary.hosts.large1?.rounds).toBe(1)
})

test('what an interrupted run has left goes with the next one when the file is as it shall be by then', async () => {
  const temporary = temporaryOf('/srv/image')
  await out(host.name, `head -c 1000 /srv/image >${temporary}; chmod 600 ${temporary}`)
  const check = await play({ mode: 'check' })
  expect(check.results[0]?.differences).toMatchObject([
    { kind: 'clear', what: temporary, before: 'what an interrupted run had sent', after: undefined },
  ])
  const run = await play({ mode: 'run' })
  expectForeseen(check, run)
  expect([run.failed, run.mispredicted]).toEqual([[], []])
  expect(await out(host.name, 'ls -A /srv')).toBe('image')
})

test('a file goes the same way through the system’s own ssh, and in the place of an old one', async () => {
  await out(host.name, 'echo old >/srv/image; chmod 600 /srv/image')
  const check = await play({ mode: 'check', inventory: at.path('ssh.yml') })
  const run = await play({ mode: 'run', inventory: at.path('ssh.yml') })
  expect([run.failed, run.mispredicted]).toEqual([[], []])
  expectForeseen(check, run)
  expect(await sumOf('/srv/image')).toBe(sum)
  expect(await out(host.name, "stat -c '%a %U:%G' /srv/image; ls -A /srv")).toBe('640 root:adm\nimage')
})

test('text that is too much for a command goes in pieces too, as the login user', async () => {
  const page = 'line of a page\n'.repeat(100_000)
  const run = await play({ mode: 'run', playbook: at.path('page.yml'), vars: { page } })
  expect([run.failed, run.mispredicted]).toEqual([[], []])
  expect(await sumOf('/home/ops/page')).toBe(createHash('sha256').update(page).digest('hex'))
  expect(await out(host.name, "stat -c '%a %U:%G' /home/ops/page; ls -A /home/ops | grep -c lockstep || :")).toBe(
    '644 ops:ops\n0',
  )
})
