import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { childLink } from '../../engine/remote/child-link.ts'
import type { Link } from '../../engine/remote/link.ts'
import { RemoteProblem } from '../../engine/remote/remote-problem.ts'
import { persistentShell, type Shell, type Step } from '../../engine/remote/shell.ts'
import { describeShells } from '../shells.ts'

const SHELLS = [['dash'], ['bash'], ['bash', '--posix'], ['busybox', 'sh']]

const step = (script: string, more: Partial<Step> = {}): Step => ({ script, timeoutMs: 60_000, ...more })

const links: Link[] = []
afterEach(async () => {
  for (const link of links.splice(0)) await link.close()
})

/** A shell of this machine behind the protocol; `prelude` runs before it reads, as a login's files do. */
function shellOf(command: readonly string[], prelude = '') {
  const line = `${prelude}\nexec ${command.join(' ')} -s ''`
  const link = childLink({ host: 'h1', words: () => ['sh', '-c', line], env: process.env })
  links.push(link)
  const traffic = { rounds: 0, bytesSent: 0, bytesReceived: 0 }
  const context = { link, host: 'h1', openTimeoutMs: 60_000, traffic, onHello: () => {} }
  return { shell: persistentShell(context, undefined), traffic }
}

/** Shell text that counts the processes of a group that are not dead yet. */
const livingOf = (group: number) => `ps -e -o pgid=,stat= | grep -v Z | grep -c '^ *${group} '`

async function failureOf(shell: Shell, steps: Step[], signal?: AbortSignal): Promise<RemoteProblem> {
  const result = await shell.run(steps, signal).catch((reason) => reason)
  expect(result).toBeInstanceOf(RemoteProblem)
  return result
}

describeShells(
  SHELLS,
  (shell) => `the dialogue with ${shell}`,
  (command) => {
    test('brings output, errors and code of each step', async () => {
      const { shell, traffic } = shellOf(command)
      const results = await shell.run([step('echo out; echo err >&2; exit 7'), step('printf "no newline"'), step(':')])
      expect(results.map(({ code, stdout, stderr }) => [code, stdout.toString(), stderr.toString()])).toEqual([
        [7, 'out\n', 'err\n'],
        [0, 'no newline', ''],
        [0, '', ''],
      ])
      expect(traffic.rounds).toBe(1)
    })

    test('is exact about any bytes', async () => {
      const { shell } = shellOf(command)
      const bytes = randomBytes(300_000)
      const [result] = await shell.run([step(`printf %s '${bytes.toString('base64')}' | base64 -d`)])
      expect(result?.stdout.equals(bytes)).toBe(true)
    })

    test.each([
      ['leaving', 'exit 3', 3],
      ['a syntax error', 'if then (', 2],
      ['a lone quote', `echo '`, 2],
      ['a lone parenthesis', ')', 2],
      ['another folder', 'cd /tmp', 0],
      ['options', 'set -eu; trap "echo bye" EXIT', 0],
      ['a replaced shell', 'exec true', 0],
      ['reading its input', 'cat; read x', 1],
      ['a function of the protocol', '__m() { :; }; __n=x', 0],
      ['returning', 'return 4', 4],
      ['output that is closed', 'exec >&- 2>&-', 0],
    ])('survives a step with %s', async (_what, script, code) => {
      const { shell } = shellOf(command)
      const [hurt, next] = await shell.run([step(script), step('pwd; echo $-$#')])
      expect(hurt?.code === 0).toBe(code === 0)
      expect(next).toMatchObject({ code: 0, skipped: false })
      expect(next?.stdout.toString()).toMatch(/^\/\n[^eu]*0\n$/)
    })

    test('keeps the order of four thousand steps in one round', async () => {
      const { shell, traffic } = shellOf(command)
      const results = await shell.run(Array.from({ length: 4000 }, (_, index) => step(`echo ${index}`)))
      expect(results.map(({ stdout }) => Number(stdout))).toEqual(Array.from({ length: 4000 }, (_, index) => index))
      expect(traffic.rounds).toBe(1)
    }, 60_000)

    test('ends a step that is late, with all that it started, and opens again', async () => {
      const { shell } = shellOf(command)
      const pids = await shell.run([step('echo $$')])
      const problem = await failureOf(shell, [
        step('echo before'),
        step('sleep 300 & sleep 300', { timeoutMs: 300 }),
        step('echo after'),
      ])
      expect(problem.toString()).toBe(
        'error[STEP_TIMEOUT]: A step on h1 did not end within 0.3 s and was stopped.\nhint: raise the timeout if it needs longer',
      )
      expect(problem.completed.map(({ stdout }) => stdout.toString())).toEqual(['before\n'])
      const [left, again] = await shell.run([step(livingOf(Number(pids[0]?.stdout))), step('echo again')])
      expect(left?.stdout.toString()).toBe('0\n')
      expect(again?.stdout.toString()).toBe('again\n')
    })
  },
)

describe('a round', () => {
  test('skips the later steps of a group that failed, on the host', async () => {
    const { shell, traffic } = shellOf(['dash'])
    const results = await shell.run([
      step('echo a', { group: 1 }),
      step('exit 5', { group: 1 }),
      step('echo no', { group: 1 }),
      step('echo other', { group: 11 }),
      step('exit 1'),
      step('echo free'),
    ])
    expect(results.map(({ code, stdout, skipped }) => [code, stdout.toString(), skipped])).toEqual([
      [0, 'a\n', false],
      [5, '', false],
      [0, '', true],
      [0, 'other\n', false],
      [1, '', false],
      [0, 'free\n', false],
    ])
    const [next] = await shell.run([step('echo forgotten', { group: 1 })])
    expect(next).toMatchObject({ code: 0, skipped: false })
    expect(traffic.rounds).toBe(2)
  })

  test('of no steps costs nothing', async () => {
    const { shell, traffic } = shellOf(['dash'])
    expect(await shell.run([])).toEqual([])
    expect(traffic).toEqual({ rounds: 0, bytesSent: 0, bytesReceived: 0 })
  })

  test('waits for the one before', async () => {
    const { shell } = shellOf(['dash'])
    const rounds = await Promise.all(['1', '2', '3'].map((word) => shell.run([step(`echo ${word}`)])))
    expect(rounds.map(([result]) => result?.stdout.toString())).toEqual(['1\n', '2\n', '3\n'])
  })

  test('can be interrupted, and the host is quiet afterwards', async () => {
    const { shell } = shellOf(['dash'])
    const [first] = await shell.run([step('echo $$')])
    const interrupt = new AbortController()
    const folder = await mkdtemp(join(tmpdir(), 'lockstep-'))
    execFileSync('mkfifo', [`${folder}/begun`])
    const running = failureOf(shell, [step(`: >${folder}/begun; sleep 300`)], interrupt.signal)
    await readFile(`${folder}/begun`)
    interrupt.abort()
    expect((await running).code).toBe('INTERRUPTED')
    const [left] = await shell.run([step(livingOf(Number(first?.stdout)))])
    expect(left?.stdout.toString()).toBe('0\n')
    await rm(folder, { recursive: true })
  })

  test('does not begin when it is interrupted before', async () => {
    const { shell, traffic } = shellOf(['dash'])
    expect((await failureOf(shell, [step('echo x')], AbortSignal.abort())).code).toBe('INTERRUPTED')
    expect(traffic.rounds).toBe(0)
  })

  test('ends a step that prints too much, and one without end', async () => {
    const { shell } = shellOf(['dash'])
    const problem = await failureOf(shell, [step('echo 12345678', { outputLimit: 8 })])
    expect(problem.message).toBe('A step on h1 printed more than 8 bytes and was stopped.')
    expect((await failureOf(shell, [step('yes')])).code).toBe('OUTPUT_TOO_LONG')
    const [fits] = await shell.run([step('printf 12345678', { outputLimit: 8 })])
    expect(fits?.stdout.toString()).toBe('12345678')
  })

  test('keeps the end of long errors', async () => {
    const { shell } = shellOf(['dash'])
    const [result] = await shell.run([step('seq 1 200000 >&2')])
    expect(result?.stderr.length).toBe(256 * 1024)
    expect(result?.stderr.toString()).toMatch(/\n199999\n200000\n$/)
  })
})

describe('a fresh shell', () => {
  test('does not mistake what the login prints for the first answer', async () => {
    const { shell } = shellOf(['bash'], 'echo Welcome; echo to h1 >&2; printf "no newline"')
    const [result] = await shell.run([step('echo first')])
    expect(result).toMatchObject({ code: 0, stdout: Buffer.from('first\n'), stderr: Buffer.alloc(0) })
  })

  test('has a known environment', async () => {
    const { shell } = shellOf(['bash'], 'umask 077; export ENV=/nope; cd /tmp')
    const [result] = await shell.run([step(`echo "$LC_ALL $(umask) \${ENV-none} \${BASH_VERSION-dash}"; pwd`)])
    expect(result?.stdout.toString()).toBe('C 0022 none dash\n/\n')
  })

  test('that never comes is told with the words of the host', async () => {
    const { shell } = shellOf(['dash'], 'echo "This account is currently not available."; exit 1')
    const problem = await failureOf(shell, [step('true')])
    expect(problem.code).toBe('SHELL_MISSING')
    expect(problem.message).toBe('h1 gives no shell: This account is currently not available.')
    expect(problem.unreachable).toBe(false)
  })

  test('is refused when the host lacks a tool', async () => {
    const { shell } = shellOf(['/usr/bin/dash'], 'PATH=/nowhere; export PATH; cd /; PATH=/nowhere')
    const problem = await failureOf(shell, [step('true')])
    expect(problem.toString()).toBe(
      'error[TOOLS_MISSING]: h1 lacks base64, cat, chmod, chown, head, mkdir, mv, rm, sha256sum, stat, which every host needs.\n' +
        'hint: install coreutils or busybox there, or mend the PATH',
    )
  })

  test('that prints without end is given up', async () => {
    const { shell } = shellOf(['dash'], 'yes')
    expect((await failureOf(shell, [step('true')])).message).toBe('The dialogue with h1 broke: it prints without end.')
  })

  test('says whose it is, and leaves nothing on the host when it ends', async () => {
    const { shell } = shellOf(['dash'])
    const [before] = await shell.run([step('echo $$')])
    expect(shell.identity).toEqual({ account: userInfo().username, group: expect.stringMatching(/./) })
    await shell.end()
    const [after] = await shell.run([step(`kill -0 ${before?.stdout.toString().trim()} || echo gone; echo $$`)])
    const [gone, now] = (after?.stdout.toString() ?? '').split('\n')
    expect(gone).toBe('gone')
    expect(now).not.toBe(before?.stdout.toString().trim())
  })

  test('that was never opened ends at once', async () => {
    await shellOf(['dash']).shell.end()
  })

  test('takes the place of one that died', async () => {
    const { shell } = shellOf(['dash'])
    const problem = await failureOf(shell, [step('echo one'), step('kill -9 $$'), step('echo three')])
    expect(problem.message).toBe(
      'The dialogue with h1 broke: its shell ended by signal SIGKILL in the middle of a round.',
    )
    expect(problem.completed).toHaveLength(1)
    const [result] = await shell.run([step('echo back')])
    expect(result?.stdout.toString()).toBe('back\n')
  })
})
