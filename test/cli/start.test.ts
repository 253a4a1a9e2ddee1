import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { problemsOf } from '../../engine/cli/failure.ts'
import { load } from '../../engine/cli/load.ts'
import { program, TELL_OF_ALL } from '../../engine/cli/program.ts'
import type { Problem } from '../../engine/problem.ts'
import { problemText } from '../../engine/report/problem-text.ts'

const names = program().commands.map((command) => command.name())
test.each(names.filter((name) => !TELL_OF_ALL.includes(name)))('declares nothing but %s when that is named', (name) => {
  expect(program([name]).commands.map((command) => command.name())).toEqual([name])
})

describe('the built command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-dist-'))
  const entry = join(folder, 'lockstep.js')

  beforeAll(() => {
    execFileSync(process.execPath, ['engine/build.mjs', folder], { stdio: 'inherit' })
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  function lockstep(...words: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...words], { encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  test('gives help and version without loading more than the command line', () => {
    const loaded = loadedAtStart(entry)
      .map((file) => readFileSync(file, 'utf8'))
      .join()
    expect(loaded).toContain('node_modules/commander/')
    for (const heavy of ['ssh2', 'yaml', 'ajv', 'handlebars', 'diff', '@marcbachmann/cel-js']) {
      expect(loaded).not.toContain(`node_modules/${heavy}/`)
    }
  })

  test('takes what V8 has made of its pieces when it was built, and does without it too', () => {
    const made = readdirSync(folder).filter((name) => name.endsWith('.v8'))
    expect(made).toHaveLength(readdirSync(folder).filter((name) => /^part-.*\.js$/.test(name)).length)
    const rejected = `const { Script } = require('node:vm')
const { load, pieces, main } = require(process.argv[1])
load(main)
console.log([...pieces.values()].filter(({ script }) => script.cachedDataRejected !== false).length)`
    const count = () => spawnSync(process.execPath, ['-e', rejected, entry], { encoding: 'utf8' }).stdout
    expect(count()).toBe('0\n')
    for (const name of made) writeFileSync(join(folder, name), 'of another V8')
    expect(Number(count())).toBeGreaterThan(0)
    expect(lockstep('version').status).toBe(0)
    for (const name of made) rmSync(join(folder, name))
    expect(lockstep('version').status).toBe(0)
  })

  test('shows its commands, examples and exit codes', () => {
    const { status, stdout } = lockstep('--help')
    expect(status).toBe(0)
    for (const word of ['run', 'check', 'validate', 'list', 'inventory', 'doc', 'schema', 'lab', 'version']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${word}\\b`, 'm'))
    }
    expect(stdout).toContain('Examples:')
    expect(stdout).toContain('Exit codes:')
  })

  test.each(names)('shows with examples what %s does', (name) => {
    const { status, stdout, stderr } = lockstep(name, '--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(/^Examples?\b.*:$/m)
  })

  test('finds the mistakes that the sources find, though its validators were made when it was built', async () => {
    const hosts = join(folder, 'hosts.yml')
    const site = join(folder, 'site.yml')
    writeFileSync(hosts, 'all: { hosts: { web1: } }\n')
    writeFileSync(site, mistaken)
    const problems = await caught(() => load([site], { inventory: [hosts] }, 'run'))
    expect(problems.map(({ code }) => code)).toEqual([
      'UNKNOWN_ARG',
      'MISSING_ARG',
      'WRONG_MODE',
      'WRONG_VALUE',
      'WRONG_ARGS',
      'WRONG_TYPE',
    ])
    const { status, stdout, stderr } = lockstep('validate', site, '-i', hosts)
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: `${problemText(problems, { colour: false })}\n`,
    })
  })

  test('ends quietly when nobody reads on', () => {
    const script = `"${process.execPath}" "${entry}" schema | head -n 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: '{\n0\n', stderr: '' })
  })

  test.each<[string, NodeJS.ProcessEnv, boolean]>([
    ['a pipe', {}, false],
    ['a terminal', { TERM: 'xterm' }, true],
    ['a terminal with NO_COLOR', { TERM: 'xterm', NO_COLOR: '1' }, false],
    ['a terminal that can do nothing', { TERM: 'dumb' }, false],
    ['a pipe with FORCE_COLOR', { FORCE_COLOR: '1' }, true],
  ])('has colours as it should on %s', (title, variables, isColoured) => {
    const env = { PATH: process.env.PATH, HOME: folder, ...variables }
    const command = `'${process.execPath}' '${entry}' doc sysctll`
    const { stdout, stderr } = title.startsWith('a terminal')
      ? spawnSync('script', ['-qfc', command, '/dev/null'], { encoding: 'utf8', env, input: '' })
      : spawnSync('sh', ['-c', command], { encoding: 'utf8', env })
    expect(stdout + stderr).toContain('there is no module')
    expect((stdout + stderr).includes('\u001b[')).toBe(isColoured)
  })

  test('shows the reference of a module', () => {
    const { status, stdout } = lockstep('doc', 'sysctl')
    expect(status).toBe(0)
    expect(stdout).toContain('## sysctl\n')
    expect(stdout).toContain('- `value` (text or number, **required**): ')
  })

  test.each([
    [
      ['doc', 'sysctll'],
      "error[UNKNOWN_MODULE]: there is no module, action or function 'sysctll'\nhint: did you mean 'sysctl'?\n",
    ],
    [['chekc'], "error[FILE_MISSING]: there is no playbook chekc\nhint: did you mean the command 'check'?\n"],
    [
      ['run', 'no.yml'],
      'error[FILE_MISSING]: there is no playbook no.yml\nhint: a path is relative to the folder that you are in\n',
    ],
    [
      ['run', 'x.yml', '--forks', '0'],
      "error: option '-f, --forks <number>' argument '0' is invalid. It takes a whole number from 1 on.\n(--help shows what there is)\n",
    ],
  ])('answers the mistake %j', (words, text) => {
    const { status, stdout, stderr } = lockstep(...words)
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: text })
  })
})

const mistaken = `- hosts: all
  tasks:
    - file: { path: /x, onwer: root }
    - sysctl: { name: a.b }
    - file: { path: /x, mode: 644 }
    - group: { name: x, state: gone }
    - command: { cmd: a, argv: [b] }
    - sysctl: { name: a.b, value: [1] }
`

async function caught(work: () => Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await work()
  } catch (error) {
    const problems = problemsOf(error)
    if (problems) return problems
    throw error
  }
  return []
}

/** The entry and all that it loads before it does anything; what comes later is inside a function. */
function loadedAtStart(file: string, seen: string[] = []): string[] {
  if (seen.includes(file)) return seen
  seen.push(file)
  const text = readFileSync(file, 'utf8')
  const needed = text.matchAll(
    /^(?:var \w+ = (?:__toESM\()?require|require|if \(require\.main === module\) load)\(["'](\.\/part-[^"']+)["']/gm,
  )
  for (const [, part = ''] of needed) loadedAtStart(join(dirname(file), part), seen)
  return seen
}
