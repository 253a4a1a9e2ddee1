// `npm test`: checks of the code, fast tests, those in a browser, then those on lab hosts; ends with one plain line of counts.
// Words after `npm test --` choose test files, as vitest does.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aptInstalls } from './apt.mjs'

const home = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'lockstep-test-'))
const chosen = process.argv.slice(2)
// A lab of its own, so that the one that somebody is working with stays as it is.
const environment = { ...process.env, LOCKSTEP_LAB: process.env.LOCKSTEP_LAB ?? 'test' }
const lockstep = [process.execPath, 'dist/lockstep.js']
const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs']
const counts = { passed: 0, failed: 0, skipped: 0 }

try {
  if (chosen.length === 0) {
    check('format and lint', ['node_modules/.bin/biome', 'check', '.'])
    check('types', ['node_modules/.bin/tsc', '--noEmit'])
    check('types of the page', ['node_modules/.bin/tsc', '--noEmit', '-p', 'engine/report/page'])
    check('unused code', ['node_modules/.bin/knip'])
  }
  await installTools()
  say('fast tests')
  runTests('fast', vitest)
  say('tests that need this machine for themselves')
  runTests('alone', vitest)
  await runBrowserTests()
  await runLabTests()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
process.exitCode = counts.failed > 0 ? 1 : 0
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)

/** What the fast tests call beside Node; without it some of them count as skipped or fail, and in CI it is a failure. */
async function installTools() {
  const tools = {
    busybox: 'busybox',
    fish: 'fish',
    zsh: 'zsh',
    ssh: 'openssh-client',
    openssl: 'openssl',
    ps: 'procps',
  }
  const lacking = Object.keys(tools).filter((tool) => spawnSync(tool, ['--help'], { stdio: 'ignore' }).error)
  const missing = lacking.map((tool) => tools[tool])
  if (missing.length === 0 || (await aptInstalls(missing, say))) return
  if (process.env.CI) fail(`tools of the tests: ${missing.join(', ')} cannot be installed`)
  else say(`tests that need ${missing.join(', ')} are skipped or fail: install it, for instance with apt-get as root`)
}

async function runBrowserTests() {
  if (existsSync('/usr/bin/chromium') || (await aptInstalls(['chromium', 'fonts-dejavu-core'], say))) {
    say('tests in a browser')
    return runTests('browser', vitest)
  }
  skipTests('browser', 'in a browser', 'there is no /usr/bin/chromium: install it, for instance with apt-get as root')
}

async function runLabTests() {
  say('build')
  if (run([process.execPath, 'engine/build.mjs']) !== 0) return fail('the build')
  const supported = spawnSync(lockstep[0], [lockstep[1], 'lab', 'status'], {
    cwd: home,
    env: environment,
    encoding: 'utf8',
  })
  if (supported.status !== 0) return skipTests('lab', 'on lab hosts', supported.stderr.trim())
  const lanes = lanesOf(environment.LOCKSTEP_LAB)
  for (const { lab } of lanes) {
    say(`lab ${lab}: tools, root images and network`)
    const prepared = run([...lockstep, 'lab', 'prepare', 'bookworm', 'bullseye', 'trixie'], inLab(lab))
    if (prepared !== 0) return fail('preparing the lab')
  }
  say('tests on lab hosts')
  await Promise.all(lanes.map(runLane))
  for (const { lab } of lanes) run([...lockstep, 'lab', 'down'], inLab(lab))
}

/** Tests on lab hosts wait for hosts most of the time, so they go in lanes, each with a lab of its own; the first is seen as it goes. */
function lanesOf(lab) {
  if (chosen.length > 0) return [{ lab, files: chosen, isSeen: true }]
  const files = readdirSync(join(home, 'test/lab')).filter((name) => name.endsWith('.test.ts'))
  const lanes = [
    // What works on this machine as a host locks it, so all of that is in one lane.
    /^(certificates|consul-(acl|faults|tls)|rotate-(?!consul)|ssh-ca)/,
    /^(consul|rotate-consul|mattermost|sweep)/,
    /^/,
  ]
  const laneOf = (file) => lanes.findIndex((names) => names.test(file))
  return lanes.map((_, index) => ({
    lab: index === 0 ? lab : `${lab}-${index + 1}`,
    files: files.filter((file) => laneOf(file) === index).map((file) => `test/lab/${file}`),
    isSeen: index === 0,
  }))
}

async function runLane({ lab, files, isSeen }) {
  const report = join(scratch, `${lab}.json`)
  const words = [...lockstep, 'lab', 'enter', '--', ...vitestWords('lab', vitest, report, files)]
  const child = spawn(words[0], words.slice(1), {
    cwd: home,
    env: inLab(lab),
    stdio: isSeen ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(chunk))
  const [code] = await once(child, 'close')
  if (!isSeen) process.stdout.write(Buffer.concat(said))
  countTests('lab', report, code)
}

function inLab(lab) {
  return { ...environment, LOCKSTEP_LAB: lab }
}

/** Nothing is skipped silently, and in CI nothing is skipped at all. */
function skipTests(project, where, why) {
  // The word after `--json` would be a file to write.
  const listed = spawnSync(vitest[0], [vitest[1], 'list', '--project', project, ...chosen, '--json'], {
    cwd: home,
    encoding: 'utf8',
  })
  const tests = listed.status === 0 ? JSON.parse(listed.stdout).length : 0
  if (process.env.CI) {
    counts.failed += Math.max(tests, 1)
    return say(`the ${tests} tests ${where} FAILED, since CI has to run them:\n${why}`)
  }
  counts.skipped += tests
  say(`the ${tests} tests ${where} are skipped:\n${why}`)
}

/** Runs a project of vitest and adds up its tests. */
function runTests(project, command) {
  const file = join(scratch, `${project}.json`)
  countTests(project, file, run(vitestWords(project, command, file, chosen)))
}

function vitestWords(project, command, file, files) {
  const reports = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  return [...command, 'run', '--project', project, '--passWithNoTests', ...reports, ...files]
}

/** A file that does not load, or an error beside the tests, is a failure too. */
function countTests(project, file, code) {
  const report = readReport(file)
  if (!report) return code === 0 ? undefined : fail(`the ${project} tests`)
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  )
  const failed = report.numFailedTests + broken.length
  counts.passed += report.numPassedTests
  counts.skipped += report.numPendingTests + report.numTodoTests
  counts.failed += failed
  if (code !== 0 && failed === 0) fail(`the ${project} tests`)
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function check(what, command) {
  say(what)
  if (run(command) !== 0) fail(what)
}

function fail(what) {
  counts.failed += 1
  say(`FAILED: ${what}`)
}

function run([program, ...words], env = environment) {
  return spawnSync(program, words, { cwd: home, env, stdio: 'inherit' }).status ?? 1
}

function say(what) {
  process.stdout.write(`\n== ${what}\n`)
}
