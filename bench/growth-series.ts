import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import type { LabHost } from '../lab/wanted.ts'

/** A host that files are really sent to. */
export const growthHost: LabHost = { name: 'growth1', address: '10.98.200.1' }

/** What one size of a series is measured with: files by name, and the words for each phase. */
export interface Trial {
  files: Record<string, string>
  /** By phase, in their order: the words behind `lockstep`. */
  phases: Record<string, readonly string[]>
  /** Makes what is no text. */
  prepare?(folder: string): void
  /** Makes what a phase begins with. */
  before?(phase: string, folder: string): unknown
  /** Shell text that takes away on the lab host what came there. */
  undo?: string
}

/** Something that grows. */
export interface Series {
  name: string
  /** What stands on the axis. */
  axis: string
  sizes: readonly number[]
  /** What is done, for the reader of the page. */
  told: string
  trial(size: number, folder: string): Trial
}

const job = ['-i', 'hosts.json', 'play.yml']
const verbs = {
  validate: 'validate',
  'check fresh': 'check',
  'first apply': 'run',
  'second run': 'run',
  'check converged': 'check',
}
const phases = (...names: (keyof typeof verbs)[]) =>
  Object.fromEntries(names.map((name) => [name, [verbs[name], ...job]]))
const all = phases('check fresh', 'first apply', 'second run')

/** Hosts that are shells of this machine: all that a host costs here but the connection. */
function shells(count: number): string {
  const hosts = Object.fromEntries(Array.from({ length: count }, (_, at) => [`h${at + 1}`, { connection: 'local' }]))
  return JSON.stringify({ all: { hosts } })
}

/** A play on one such host, with a folder `on` for what it makes. */
function onOneShell(tasks: readonly object[], more: object = {}): Record<string, string> {
  return { 'hosts.json': shells(1), 'play.yml': playbook(tasks, more), 'on/.keep': '' }
}

function playbook(tasks: readonly object[], more: object = {}): string {
  return JSON.stringify([{ hosts: 'all', ...more, tasks }], undefined, 1)
}

/** Ten files on each host, each host with a folder of its own. */
const tenFiles = (folder: string) => [
  { file: { path: `${folder}/on/{{ inventory_hostname }}`, state: 'directory' } },
  ...Array.from({ length: 10 }, (_, at) => ({
    copy: { dest: `${folder}/on/{{ inventory_hostname }}/f${at}`, content: `{{ inventory_hostname }} ${at}\n` },
  })),
]

export const series: readonly Series[] = [
  {
    name: 'validate-hosts',
    axis: 'hosts',
    sizes: [1, 10, 100, 1000],
    told: '`validate` of eleven tasks, with so many hosts in the pattern',
    trial: (size, folder) => ({
      files: { 'hosts.json': shells(size), 'play.yml': playbook(tenFiles(folder)) },
      phases: phases('validate'),
    }),
  },
  {
    name: 'hosts',
    axis: 'hosts',
    sizes: [1, 10, 100, 1000],
    told: 'check of a folder and ten files on each of so many hosts, which are shells of the same machine (`connection: local`), 50 at a time',
    trial: (size, folder) => ({
      files: { 'hosts.json': shells(size), 'play.yml': playbook(tenFiles(folder)) },
      phases: Object.fromEntries(
        Object.entries(phases('check fresh', 'check converged')).map(([phase, words]) => [
          phase,
          [...words, '-f', '50'],
        ]),
      ),
      before: (phase) => phase === 'check converged' && makeFiles(`${folder}/on`, size),
    }),
  },
  {
    name: 'tasks',
    axis: 'tasks',
    sizes: [10, 100, 1000, 5000],
    told: 'so many tasks, each a folder, on one host that is a shell of the same machine',
    trial: (size, folder) => ({
      files: onOneShell(
        Array.from({ length: size }, (_, at) => ({
          name: `folder ${at}`,
          file: { path: `${folder}/on/d${at}`, state: 'directory' },
        })),
      ),
      phases: all,
    }),
  },
  {
    name: 'commands',
    axis: 'tasks',
    sizes: [10, 100, 1000, 4000],
    told: 'folders and unguarded commands in turn, so many in all, on one host that is a shell of the same machine; the playbook is one line of JSON',
    trial: (size, folder) => {
      const tasks = Array.from({ length: size / 2 }, (_, at) => [
        { name: `folder ${at}`, file: { path: `${folder}/on/d${at}`, state: 'directory' } },
        { name: `command ${at}`, command: { argv: ['true'] } },
      ])
      const files = onOneShell([])
      return { files: { ...files, 'play.yml': JSON.stringify([{ hosts: 'all', tasks: tasks.flat() }]) }, phases: all }
    },
  },
  {
    name: 'items',
    axis: 'loop items',
    sizes: [10, 100, 1000, 10_000],
    told: 'one task with so many items, each a folder, whose results are registered; on one host that is a shell of the same machine',
    trial: (size, folder) => ({
      files: onOneShell(
        [
          {
            name: 'folders',
            file: { path: `${folder}/on/d{{ item }}`, state: 'directory' },
            loop: '{{ numbers }}',
            register: 'made',
          },
        ],
        { vars: { numbers: Array.from({ length: size }, (_, at) => at) } },
      ),
      phases: all,
    }),
  },
  {
    name: 'inventory',
    axis: 'hosts in the inventory',
    sizes: [10, 100, 1000, 20_000],
    told: 'check of eleven tasks on one host, with so many in the inventory',
    trial: (size, folder) => ({
      files: {
        'hosts.json': JSON.stringify({
          all: {
            children: {
              here: { hosts: { here1: { connection: 'local' } } },
              others: {
                vars: { role: 'other' },
                hosts: Object.fromEntries(
                  Array.from({ length: size - 1 }, (_, at) => [
                    `other${at}`,
                    { address: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, number: at },
                  ]),
                ),
              },
            },
          },
        }),
        'play.yml': playbook(tenFiles(folder), { hosts: 'here' }),
      },
      phases: phases('validate', 'check fresh'),
    }),
  },
  {
    name: 'template',
    axis: 'bytes of the template',
    sizes: [1024, 16 * 1024, 256 * 1024, 4 * 1024 * 1024],
    told: '`template` with a value in each of its lines, on one host that is a shell of the same machine',
    trial: (size, folder) => ({
      files: {
        ...onOneShell([{ template: { src: 'large.hbs', dest: `${folder}/on/large` } }]),
        'large.hbs': '# a line of settings and a value: {{ inventory_hostname }} of it\n'.repeat(Math.ceil(size / 66)),
      },
      phases: all,
    }),
  },
  {
    name: 'copy',
    axis: 'bytes of the file',
    sizes: [1, 16, 128, 1024].map((mebibytes) => mebibytes * 1024 * 1024),
    told: '`copy` of a file of random bytes to a lab host over SSH',
    trial: (size) => ({
      files: {
        'hosts.json': JSON.stringify({
          all: { vars: { lockstep_lab: true }, hosts: { [growthHost.name]: { address: growthHost.address } } },
        }),
        'play.yml': playbook([{ copy: { src: 'large', dest: '/srv/large' } }], { become: true }),
      },
      phases: all,
      prepare: (folder) => makeBytes(`${folder}/large`, size),
      undo: 'rm -f /srv/large',
    }),
  },
]

/** What ten files on each host come to. */
function makeFiles(folder: string, hosts: number): void {
  for (let host = 1; host <= hosts; host++) {
    mkdirSync(`${folder}/h${host}`, { recursive: true })
    for (let at = 0; at < 10; at++) writeFileSync(`${folder}/h${host}/f${at}`, `h${host} ${at}\n`)
  }
}

/** A file whose bytes neither repeat nor compress, and that is the same each time. */
function makeBytes(path: string, size: number): void {
  const file = openSync(path, 'w')
  const block = Buffer.alloc(1024 * 1024)
  let state = 1
  for (let at = 0; at < block.length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    block.writeUInt32LE(state, at)
  }
  for (let at = 0; at < size; at += block.length) {
    block.writeUInt32LE(at / block.length, 0)
    writeSync(file, block)
  }
  ftruncateSync(file, size)
  closeSync(file)
}
