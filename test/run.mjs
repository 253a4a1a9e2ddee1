// `npm test`: checks of the code, fast tests, those in a browser, then those on lab hosts; ends with one plain line of counts.
// Words after `npm test --` choose test files, as vitest does.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { aptInstalls } from './apt.mjs'

/** About how many seconds the files of tests on lab hosts take that take long; the others take some thirty. */
const SECONDS = {
  'consul-faults': 283,
  'mattermost-tunnels': 239,
  exactness: 221,
  'consul-tls': 204,
  modules: 183,
  'consul-acl': 156,
  'rotate-consul-tls': 153,
  'mattermost-guide': 142,
  'rotate-ssh-ca': 133,
  'lock-out': 129,
  'mattermost-nodes': 124,
  lab: 119,
  'consul-roll': 118,
  'rotate-sweep': 92,
  'rotate-consul-gossip': 88,
  'rotate-offboard': 72,
  'consul-cluster': 69,
  debts: 63,
  'network-modules': 60,
  plans: 57,
  'consul-modules': 55,
  'rotate-service-key': 54,
}

const home = fileURLToPath(new URL('..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'lockstep-test-'))
const chosen = process.argv.slice(2)
// A lab of its own, so that the one that somebody is working with stays as it is.
const environment = { ...process.env, LOCKSTEP_LAB: process.env.LOCKSTEP_LAB ?? 'test' }
const lockstep = [process.execPath, 'dist/lockstep.js']
const vitest = [process.execPath, 'node_modules/vitest/vitest.mjs']
const counts = { passed: 0, failed: 0, skipped: 0 }
/** What failed, to be said once more at the end, where it is looked for. */
const failures = []

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
if (failures.length > 0) say(`FAILED:\n${failures.join('\n')}`)
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

/**
 * Tests on lab hosts wait for hosts half of the time, so they go in lanes, each with a lab of its own: from the longest file
 * on, each to the lane that is done soonest.
 */
function lanesOf(lab) {
  const seconds = (file) => SECONDS[file.replace('.test.ts', '')] ?? 30
  const files = readdirSync(join(home, 'test/lab'))
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => chosen.length === 0 || chosen.some((word) => `test/lab/${name}`.includes(word)))
    .sort((a, b) => seconds(b) - seconds(a))
  const lanes = [lab, `${lab}-2`, `${lab}-3`].map((name) => ({ lab: name, files: [], seconds: 0 }))
  for (const file of files) {
    const lane = lanes.reduce((one, other) => (other.seconds < one.seconds ? other : one))
    lane.files.push(`test/lab/${file}`)
    lane.seconds += seconds(file)
  }
  return lanes.filter((lane) => lane.files.length > 0)
}

async function runLane({ lab, files }) {
  const report = join(scratch, `${lab}.json`)
  const words = [...apart(lab), ...lockstep, 'lab', 'enter', '--', ...vitestWords('lab*', vitest, report, files)]
  const child = spawn(words[0], words.slice(1), { cwd: home, env: inLab(lab), stdio: ['ignore', 'pipe', 'pipe'] })
  const said = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line)
      // One line a file as it goes; all that was said comes when something has failed.
      if (/ test\/lab\/\S+ \(\d+ tests?/.test(stripVTControlCharacters(line))) process.stdout.write(`${line}\n`)
    })
  }
  const [code] = await once(child, 'close')
  if (code !== 0) process.stdout.write(`\n${said.join('\n')}\n`)
  countTests(lab, report, code)
}

/**
 * Words before a command that give it a lock and debts of its own on this machine, which is a host too for what is delegated to it:
 * `/run` without its files, `/var/lib/lockstep` empty. All else of the machine is as it was.
 */
function apart(lab) {
  const outside = join(scratch, `run-${lab}`)
  const script = `set -e
mkdir -p "$0" /var/lib/lockstep
mount --rbind /run "$0"
mount -t tmpfs -o mode=755 tmpfs /run
for folder in "$0"/*/; do
  name=\${folder%/}; name=/run/\${name##*/}
  mkdir -p "$name"; mount --rbind "$folder" "$name"
done
mount -t tmpfs -o mode=700 tmpfs /var/lib/lockstep
exec "$@"`
  return ['unshare', '--mount', '--propagation=slave', '--', 'sh', '-c', script, outside]
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
    failures.push(`- the tests ${where} were not run`)
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
  if (!report) return code === 0 ? undefined : fail(`the tests: ${project}`)
  const ofFile = report.testResults.map(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed')
    const broken =
      status === 'failed' && failed.length === 0 ? [{ fullName: 'does not load', failureMessages: [message] }] : []
    return [...failed, ...broken].map((test) => ({ ...test, file: relative(home, name) }))
  })
  const failed = ofFile.flat()
  counts.passed += report.numPassedTests
  counts.skipped += report.numPendingTests + report.numTodoTests
  counts.failed += failed.length
  for (const { file, fullName, failureMessages } of failed)
    failures.push(`- ${file}: ${fullName}\n  ${firstLines(failureMessages.join('\n'))}`)
  if (code !== 0 && failed.length === 0) fail(`the tests: ${project}`)
}

function firstLines(text) {
  return stripVTControlCharacters(text).split('\n').slice(0, 12).join('\n  ')
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
  failures.push(`- ${what}`)
  say(`FAILED: ${what}`)
}

function run([program, ...words], env = environment) {
  return spawnSync(program, words, { cwd: home, env, stdio: 'inherit' }).status ?? 1
}

function say(what) {
  process.stdout.write(`\n== ${what}\n`)
}
