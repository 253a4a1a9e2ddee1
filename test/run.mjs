// `npm test`: checks of the code, fast tests, those in a browser, then those on lab hosts; ends with one plain line of counts.
// Words after `npm test --` choose test files, as vitest does.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { aptInstalls } from './apt.mjs'

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
  const waiting = labFiles()
  const labs = [
    environment.LOCKSTEP_LAB,
    ...Array.from({ length: 3 }, (_, index) => `${environment.LOCKSTEP_LAB}-${index + 2}`),
  ]
  const used = labs.slice(0, Math.max(1, waiting.length))
  for (const lab of used) {
    say(`lab ${lab}: tools, root images and network`)
    const prepared = run([...lockstep, 'lab', 'prepare', 'bookworm', 'bullseye', 'trixie'], inLab(lab))
    if (prepared !== 0) return fail('preparing the lab')
  }
  say(`tests on lab hosts: ${waiting.length} files, ${used.length} at a time`)
  await Promise.all(used.map((lab) => runLane(lab, waiting)))
  for (const lab of used) run([...lockstep, 'lab', 'down'], inLab(lab))
}

/** Files of tests on lab hosts, those that take longest first, so that none of them is waited for in the end. */
function labFiles() {
  const longest = [
    'exactness',
    'mattermost-guide',
    'mattermost-tunnels',
    'consul-faults',
    'rotate-consul-gossip',
    'consul-tls',
    'modules',
    'mattermost-nodes',
    'rotate-ssh-ca',
    'rotate-sweep',
    'consul-roll',
    'consul-acl',
    'rotate-consul-tls',
    'rotate-faults',
    'lock-out',
    'lab',
    'rotate-offboard',
    'network-modules',
  ]
  const rank = (file) => (longest.indexOf(basename(file, '.test.ts')) + longest.length + 1) % (longest.length + 1)
  return readdirSync(join(home, 'test/lab'))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/lab/${name}`)
    .filter((file) => chosen.length === 0 || chosen.some((word) => file.includes(word)))
    .sort((a, b) => rank(a) - rank(b))
}

/** Tests on lab hosts wait for hosts most of the time, so they go in lanes, each with a lab of its own, which take file after file. */
async function runLane(lab, waiting) {
  for (let file = waiting.shift(); file; file = waiting.shift()) {
    const report = join(scratch, `${lab}-${basename(file)}.json`)
    const words = [...apart(lab), ...lockstep, 'lab', 'enter', '--', ...vitestWords('lab', vitest, report, [file])]
    const began = Date.now()
    const child = spawn(words[0], words.slice(1), { cwd: home, env: inLab(lab), stdio: ['ignore', 'pipe', 'pipe'] })
    const said = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk))
    const [code] = await once(child, 'close')
    const seconds = Math.round((Date.now() - began) / 1000)
    const { numPassedTests = 0 } = readReport(report) ?? {}
    if (code !== 0) process.stdout.write(Buffer.concat(said))
    process.stdout.write(`${code === 0 ? 'passed' : 'FAILED'}: ${file}, ${numPassedTests} tests in ${seconds} s\n`)
    countTests(file, report, code)
  }
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
