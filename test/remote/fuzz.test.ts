import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseDebts } from '../../engine/remote/debt.ts'
import { parseFacts } from '../../engine/remote/facts.ts'
import { isFor, parseKnownHosts } from '../../engine/remote/known-hosts.ts'
import { parseBroken, requireLock } from '../../engine/remote/lock.ts'
import { probe } from '../../engine/remote/probe.ts'
import { RemoteProblem } from '../../engine/remote/remote-problem.ts'
import { sshConfig } from '../../engine/remote/ssh-config.ts'
import { parseHello } from '../../engine/remote/wire.ts'
import { type AnyRead, read } from '../../engine/resource/read.ts'
import { damaged, isForUsers, neverBreaks, RUNS } from '../fuzz.ts'
import fc from '../property.ts'

const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array))
const said = fc.oneof(
  bytes,
  damaged(
    ['0 81a4 root root 5\n', 'a=b\nLoadState=loaded\n', 'root:x:0:0:root:/root:/bin/sh\n'],
    ['\0', '\n', '=', ':', '-1', '99999999999999999999', '{{x}}', '$(id)'],
  ).map((text) => Buffer.from(text)),
)

describe('whatever a host says, it is a state or a refusal', () => {
  const looks: AnyRead[] = [
    read.file('/etc/x'),
    read.status('/etc/y'),
    read.digest('/etc/z'),
    read.file('/proc/sys/x'),
    read.tree('/etc/t'),
    read.unit('ssh.service'),
    read.account('root'),
    read.group('root'),
    read.package('x', { candidate: true }),
  ]

  test('to a probe of every kind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { minLength: 30, maxLength: 30 }),
        fc.integer({ min: 0, max: 255 }),
        async (answers, code) => {
          const look = probe(looks)
          const results = look.steps.map((_, index) => ({
            code: index % 2 ? code : 0,
            stdout: answers[index] ?? Buffer.alloc(0),
            stderr: answers[index + 1] ?? Buffer.alloc(0),
            skipped: false,
          }))
          const seen = await look.parse(results)
          for (const { key } of looks) {
            const one = seen.get(key)
            if (one !== undefined && !('state' in one) && typeof one.denied !== 'string')
              throw new Error(`${key}: neither a state nor a refusal`)
          }
        },
      ),
      { numRuns: RUNS },
    )
  })

  test('in its greeting, its facts, its debts and its lock', () => {
    neverBreaks(said, (stdout) => {
      const state = { code: 0, stdout, stderr: Buffer.alloc(0) }
      parseHello(stdout)
      parseFacts(state)
      for (const debt of parseDebts(state)) expect(typeof debt.handler).toBe('string')
      parseBroken(stdout)
      for (const answer of [stdout, Buffer.concat([Buffer.from('busy '), stdout])]) {
        try {
          requireLock('web', { ...state, stdout: answer, code: 1, skipped: false }, new Date(0))
        } catch (error) {
          if (!(error instanceof RemoteProblem)) throw error
        }
      }
    })
  })
})

describe('whatever stands in a file of the user, there is a result or a problem', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPMCS0n+LkiUfWiRfRisXGnuzE0axEM56+tXjQeXpnYl'

  test('for known_hosts', () => {
    const samples = [
      `web,10.0.0.1 ${key}\n@revoked *.lab,!x ${key}\n[h]:22 ${key}\n`,
      `|1|G1AVY5w5vSEWnZNZEJ1qBMAS668=|AX3NDNz9mJqdUqUoNIKoGPakHjE= ${key}\n`,
    ]
    neverBreaks(damaged(samples, ['|1|', '@', '!', '*', '?', ',', '[', ']:', ' ', '=', '\t']), (text) => {
      for (const host of parseKnownHosts('known_hosts', text)) isFor(host, 'web.example')
    })
  })

  const folder = mkdtemp(join(tmpdir(), 'lockstep-fuzz-'))
  afterAll(async () => rm(await folder, { recursive: true }))

  test('for ssh_config', async () => {
    const file = join(await folder, 'config')
    const text = damaged(
      ['Host *.lab !bad\n  User ops\n  Port 2222\n  IdentityFile ~/.ssh/"a b"\nHost *\n  ProxyJump a,b:1\n'],
      ['Host', '"', '=', '!', '*', '#', '\t', ','],
    )
    await fc.assert(
      fc.asyncProperty(text, async (one) => {
        // What Match, Include and the like do is left to ssh itself.
        writeFileSync(file, one.replace(/match|include|canonical/gi, 'x'))
        try {
          const config = await sshConfig(file)
          await config('web.lab')
        } catch (error) {
          if (!isForUsers(error)) throw error
        }
      }),
      { numRuns: RUNS },
    )
  })
})
