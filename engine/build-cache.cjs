// node engine/build-cache.cjs FOLDER PIECE…: lets V8 see what a built command line does, and keeps what it has made of it beside the pieces.
const { mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { setFlagsFromString } = require('node:v8')

const [folder, ...names] = process.argv.slice(2)
const { load, pieces, main } = require(join(folder, 'lockstep.js'))
const scratch = mkdtempSync(join(tmpdir(), 'lockstep-build-'))
const inventory = join(scratch, 'hosts.json')
const site = join(scratch, 'site.json')
// Two, since much is done only where there is another.
writeFileSync(inventory, JSON.stringify({ all: { hosts: { here: {}, again: {} }, vars: { connection: 'local' } } }))
writeFileSync(site, JSON.stringify(sample()))

warmUp().finally(() => rmSync(scratch, { recursive: true, force: true }))

async function warmUp() {
  // What has run once is kept until all has run.
  setFlagsFromString('--no-flush-bytecode')
  process.exitCode = undefined
  const { main: start } = load(main)
  await start(['validate', join(__dirname, '../playbooks/mattermost-tunnels.yml')])
  // Looks at this machine and changes nothing.
  await start(['check', site, '-i', inventory, '--no-history'])
  if (process.exitCode === 1) throw new Error('what the command line is tried with holds a mistake')
  for (const name of names) load(`./${name}`)
  process.exitCode = 0
  setFlagsFromString('--flush-bytecode')
  for (const { file, script } of pieces.values()) {
    const draft = `${file}.v8.${process.pid}`
    writeFileSync(draft, script.createCachedData())
    renameSync(draft, `${file}.v8`)
  }
}

function sample() {
  const path = join(scratch, 'new')
  const tasks = [
    { file: { path, state: 'directory', mode: '0700' } },
    { copy: { dest: join(path, 'a'), content: '{{ inventory_hostname }}' }, register: 'a' },
    { 'line-in-file': { path: inventory, line: 'x' }, when: 'a.changed' },
    { 'block-in-file': { path: inventory, block: 'x\n' } },
    { command: { argv: ['true'], creates: path }, loop: [1, 2] },
    { file: { path: join(path, 'link'), state: 'link', src: 'a' } },
    { group: { name: 'root', gid: 0 } },
    { user: { name: 'root', shell: '/bin/sh' } },
    { package: { name: 'coreutils' } },
    { sysctl: { name: 'kernel.ostype', value: 'Linux' } },
    { systemd: { name: 'ssh', state: 'started' } },
    { copy: { dest: '/etc/hostname', content: '{{cel "hostvars[inventory_hostname].inventory_hostname"}}\n' }, notify: 'h' },
  ]
  const handlers = [{ name: 'h', restart: { name: 'ssh' } }]
  return [{ name: 'a sample', hosts: 'all', tasks: tasks.map((task, at) => ({ name: `task ${at}`, ...task })), handlers }]
}
