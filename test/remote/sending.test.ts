import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { childLink } from '../../engine/remote/child-link.ts'
import { type Job, remoteHost } from '../../engine/remote/host.ts'
import type { Link } from '../../engine/remote/link.ts'
import { send } from '../../engine/remote/sending.ts'
import { persistentShell } from '../../engine/remote/shell.ts'
import { sh } from '../../engine/resource/command.ts'
import { LargeFile } from '../../engine/resource/large-file.ts'
import { foundText, sentFile } from '../../engine/resource/sent-file.ts'
import { temporaryOf } from '../../engine/resource/write-text.ts'
import { temporaryFolder } from '../execution/harness.ts'
import { describeShells } from '../shells.ts'

const MEBIBYTE = 1024 * 1024
const PIECE = 16 * MEBIBYTE

const links: Link[] = []
afterEach(async () => {
  for (const link of links.splice(0)) await link.close()
})

/** A shell of this machine behind the protocol. */
function shellOf(command: readonly string[]) {
  const link = childLink({ host: 'h1', words: () => ['sh', '-c', `exec ${command.join(' ')} -s ''`], env: process.env })
  links.push(link)
  const traffic = { rounds: 0, bytesSent: 0, bytesReceived: 0 }
  const context = { link, host: 'h1', openTimeoutMs: 60_000, traffic, onHello: () => {} }
  return { shell: persistentShell(context, undefined), traffic }
}

/** Bytes that are shell commands wherever one begins to read them. */
function commands(size: number, mark: string): Buffer {
  return Buffer.alloc(size, `\ntouch ${mark}\n`)
}

/** As the language makes it of a file of that size. */
function largeFile(path: string, bytes: Buffer): LargeFile {
  writeFileSync(path, bytes)
  return new LargeFile(path, bytes.length, () => hashOf(bytes))
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Sends a file in the shell of this machine, then gives it its place. */
async function sendIn(command: readonly string[], path: string, source: Buffer | LargeFile) {
  const { shell, traffic } = shellOf(command)
  const told: number[] = []
  const placed = sh.send(path, source, { mode: 0o640 })
  if (!placed.sent) throw new Error('it is sent')
  const options = { shell, host: 'h1', timeoutMs: 60_000, onProgress: (sent: number) => told.push(sent) }
  const failed = await send(placed.sent, options)
  if (failed) return { failed: failed.stderr.toString(), code: failed.code, traffic, told, shell }
  const [done] = await shell.run([{ script: placed.text, timeoutMs: 60_000 }])
  return { failed: done?.stderr.toString(), code: done?.code, traffic, told, shell }
}

describeShells(
  [['dash'], ['bash', '--posix'], ['busybox', 'sh']],
  (shell) => `a file that is sent through ${shell}`,
  (command) => {
    test('comes byte for byte, with its mode, and leaves nothing beside it', async () => {
      await using at = await temporaryFolder()
      const bytes = commands(PIECE + 3, `${at.path}/run`)
      const path = `${at.path}/it's here`
      const { failed, traffic, told } = await sendIn(command, path, largeFile(`${at.path}/source`, bytes))
      expect(failed).toBe('')
      expect(hashOf(readFileSync(path))).toBe(hashOf(bytes))
      expect(statSync(path).mode & 0o7777).toBe(0o640)
      expect([existsSync(temporaryOf(path)), existsSync(`${at.path}/run`)]).toEqual([false, false])
      // What is there already, two pieces, the proof, the place.
      expect(traffic.rounds).toBe(5)
      expect(told.at(-1)).toBe(bytes.length)
      expect(traffic.bytesSent - bytes.length).toBeLessThan(20_000)
    }, 60_000)

    test('goes on where it has stopped, and sends no byte twice', async () => {
      await using at = await temporaryFolder()
      const bytes = commands(PIECE + 1000, `${at.path}/run`)
      const path = `${at.path}/file`
      writeFileSync(temporaryOf(path), bytes.subarray(0, PIECE - 5), { mode: 0o600 })
      const { failed, traffic } = await sendIn(command, path, largeFile(`${at.path}/source`, bytes))
      expect(failed).toBe('')
      expect(hashOf(readFileSync(path))).toBe(hashOf(bytes))
      expect(traffic.rounds).toBe(4)
      expect(traffic.bytesSent).toBeLessThan(1005 + 20_000)
    }, 60_000)

    test('is no command when the disk is full: all of it is read, and none of it run', async () => {
      await using at = await temporaryFolder()
      const { shell } = shellOf(command)
      const bytes = commands(MEBIBYTE, `${at.path}/run`)
      const input = {
        ...{ size: bytes.length, from: 0, unwritten: 'echo "because: $e" >&2' },
        read: async function* () {
          yield bytes
        },
      }
      const step = { script: 'exec 8>/dev/full', timeoutMs: 60_000, input }
      const [result] = await shell.run([step])
      expect([result?.code, result?.stderr.toString()]).toEqual([
        13,
        expect.stringMatching(/^because: .*No space left on device\n$/),
      ])
      const [again] = await shell.run([{ script: 'echo alive', timeoutMs: 60_000 }])
      expect([again?.stdout.toString(), existsSync(`${at.path}/run`)]).toEqual(['alive\n', false])
    })

    test('is no command when what reads it is killed: the shell goes with it', async () => {
      await using at = await temporaryFolder()
      const { shell } = shellOf(command)
      const bytes = commands(MEBIBYTE, `${at.path}/run`)
      const input = {
        ...{ size: 4 * bytes.length, from: 0, unwritten: ':' },
        read: async function* () {
          yield bytes
          const [pid] = readFileSync(`${at.path}/pid`, 'utf8').split('\n')
          // The processes below the session's shell: what reads is one of them.
          const reader = childrenOf(Number(pid)).find(
            (child) =>
              readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('head') ||
              readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('head'),
          )
          if (reader === undefined) throw new Error('nothing reads')
          process.kill(reader, 'SIGKILL')
          for (let count = 0; count < 3; count++) yield bytes
        },
      }
      const step = { script: `echo $$ >${at.path}/pid; exec 8>${at.path}/out`, timeoutMs: 60_000, input }
      await expect(shell.run([step])).rejects.toMatchObject({ code: 'PROTOCOL_BROKEN' })
      const [again] = await shell.run([{ script: 'echo alive', timeoutMs: 60_000 }])
      expect([again?.stdout.toString(), existsSync(`${at.path}/run`)]).toEqual(['alive\n', false])
    })

    test('is not asked for when there is no place for it, and the shell lives on', async () => {
      const { failed, code, shell } = await sendIn(command, '/nowhere/at/all', Buffer.alloc(MEBIBYTE))
      expect([code, failed]).toEqual([1, expect.stringMatching(/\/nowhere\/at\/\.lockstep-/)])
      const [again] = await shell.run([{ script: 'echo alive', timeoutMs: 60_000 }])
      expect(again?.stdout.toString()).toBe('alive\n')
    })
  },
)

describe('what lies where a file is sent to', () => {
  const bytes = commands(PIECE + 1000, '/nowhere/run')

  test.each<{ title: string; make: (temporary: string) => void }>([
    { title: 'other bytes', make: (it) => writeFileSync(it, Buffer.alloc(2000, 'x'), { mode: 0o600 }) },
    { title: 'more bytes', make: (it) => writeFileSync(it, Buffer.concat([bytes, bytes]), { mode: 0o600 }) },
    { title: 'nothing', make: (it) => writeFileSync(it, '', { mode: 0o600 }) },
    { title: 'a file that others may read', make: (it) => writeFileSync(it, bytes.subarray(0, 2000), { mode: 0o644 }) },
    {
      title: 'a link to the very bytes',
      make: (it) => {
        writeFileSync(`${it}-other`, bytes.subarray(0, 2000), { mode: 0o600 })
        symlinkSync(`${it}-other`, it)
      },
    },
  ])(
    'is not gone on from when it is $title',
    async ({ make }) => {
      await using at = await temporaryFolder()
      const path = `${at.path}/file`
      make(temporaryOf(path))
      const { failed, traffic } = await sendIn(['dash'], path, largeFile(`${at.path}/source`, bytes))
      expect(failed).toBe('')
      expect(hashOf(readFileSync(path))).toBe(hashOf(bytes))
      expect(traffic.bytesSent).toBeGreaterThan(bytes.length)
    },
    60_000,
  )

  test('is told by a look that changes nothing', async () => {
    await using at = await temporaryFolder()
    const path = `${at.path}/file`
    const sent = sentFile(path, bytes)
    const { shell } = shellOf(['dash'])
    const found = async () => (await shell.run([{ script: foundText(sent), timeoutMs: 60_000 }]))[0]?.stdout.toString()
    expect(await found()).toBe('')
    writeFileSync(temporaryOf(path), bytes.subarray(0, 77), { mode: 0o600 })
    expect(await found()).toBe(`77 ${hashOf(bytes.subarray(0, 77))}\n`)
  })
})

describe('a source', () => {
  test('that becomes shorter on the way ends the task and not the run', async () => {
    await using at = await temporaryFolder()
    const source = largeFile(`${at.path}/source`, Buffer.alloc(PIECE + 10))
    void source.sha256
    truncateSync(source.path, 1000)
    await expect(sendIn(['dash'], `${at.path}/file`, source)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      message: 'What goes to h1 cannot be read: it has changed meanwhile.',
    })
  })

  test('that has other bytes than were hashed is not put in place, and nothing of it is left', async () => {
    await using at = await temporaryFolder()
    const path = `${at.path}/file`
    writeFileSync(path, 'old')
    const source = largeFile(`${at.path}/source`, Buffer.alloc(2000))
    void source.sha256
    writeFileSync(source.path, Buffer.alloc(2000, 'x'))
    const { failed } = await sendIn(['dash'], path, source)
    expect(failed).toMatch(
      `lockstep: what has come of ${path} is not what was planned: was its source changed meanwhile?`,
    )
    expect([readFileSync(path, 'utf8'), existsSync(temporaryOf(path))]).toEqual(['old', false])
  })
})

describe('a round of a host', () => {
  test('sends files first, skips what belongs to one that could not be sent, and does the rest', async () => {
    await using at = await temporaryFolder()
    const { shell, traffic } = shellOf(['dash'])
    const host = { name: 'h1', user: userInfo().username }
    const connection = {
      host,
      traffic,
      way: { user: '' },
      shell: () => shell,
      shellsOf: () => [],
      close: async () => {},
    }
    const remote = remoteHost(connection as never)
    const job = (path: string): Job => ({
      commands: [sh`echo before`, sh.send(path, Buffer.alloc(2 * MEBIBYTE, 'y'))],
      timeoutMs: 60_000,
    })
    const { jobs } = await remote.round({
      become: undefined,
      jobs: [job('/nowhere/at/all'), job(`${at.path}/file`)],
      reads: [],
    })
    expect(jobs.map((results) => results.map(({ code, skipped }) => [code, skipped]))).toEqual([
      [
        [0, true],
        [1, false],
      ],
      [
        [0, false],
        [0, false],
      ],
    ])
    expect(statSync(`${at.path}/file`).size).toBe(2 * MEBIBYTE)
  })

  test('stops between two pieces when the run is interrupted, and what has come stays', async () => {
    await using at = await temporaryFolder()
    const { shell } = shellOf(['dash'])
    const path = `${at.path}/file`
    const stop = new AbortController()
    const file = sentFile(path, Buffer.alloc(2 * PIECE))
    const sending = send(file, {
      ...{ shell, host: 'h1', timeoutMs: 60_000, signal: stop.signal },
      onProgress: (sent) => sent > 0 && stop.abort(),
    })
    await expect(sending).rejects.toMatchObject({
      code: 'INTERRUPTED',
      message: `Sending ${path} to h1 was interrupted.`,
    })
    expect(statSync(temporaryOf(path)).size).toBe(PIECE)
  })
})

test('a command that has a file sent before it can be no part of another', () => {
  const command = sh.send('/x', Buffer.alloc(3))
  expect(() => sh`true && ${command}`).toThrow('stands alone')
  expect(() => sh.all([command])).toThrow('stands alone')
  expect(() => sh.input(command, '')).toThrow('stands alone')
})

/** The processes below one, at any depth. */
function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
  return children.flatMap((child) => [child, ...childrenOf(child)])
}
