import { Type } from '@sinclair/typebox'
import { Arg } from '../engine/resource/arguments.ts'
import type { Change } from '../engine/resource/change.ts'
import { sh } from '../engine/resource/command.ts'
import { defineModule, TaskFailure } from '../engine/resource/module.ts'
import { fileOf, predict, read, textOf } from '../engine/resource/read.ts'

type SysctlChange =
  /** The running kernel; first, since a value that it refuses must not reach the file. */
  | Change<'set', string>
  /** The file that the boot reads. */
  | Change<'save', string>

/** A kernel parameter, in the running kernel and after a reboot. See sysctl.d(5). */
export const sysctl = defineModule({
  name: 'sysctl',
  summary: 'A kernel parameter, in the running kernel and after a reboot.',
  args: Arg.object({
    name: Type.String({ pattern: '^[\\w-]+([./][\\w-]+)+$', description: 'Parameter, as in net.ipv4.ip_forward.' }),
    value: Type.Union([Type.String(), Type.Integer()], {
      description: 'Wanted value; spaces between several numbers.',
    }),
  }),
  examples: [
    '- sysctl: { name: net.ipv4.conf.all.rp_filter, value: 1 }\n- sysctl: { name: net.ipv4.tcp_rmem, value: 4096 131072 6291456 }',
  ],
  touches: 'reads',

  resource: ({ name }) => `sysctl:${name}`,

  reads: ({ name }) => ({ running: read.file(runningPath(name)), saved: read.file(savedPath(name)) }),

  state: ({ running, saved }) => {
    const value = textOf(running)
    return { running: value === undefined ? undefined : squeeze(value), saved: textOf(saved) }
  },

  plan(want, have) {
    if (have.running === undefined) {
      throw new TaskFailure(
        `the kernel has no parameter ${want.name}`,
        'check the name, and that the kernel module it belongs to is loaded',
      )
    }
    const value = squeeze(String(want.value))
    const line = `${want.name} = ${value}\n`
    const changes: SysctlChange[] = []
    if (have.running !== value) changes.push({ kind: 'set', what: want.name, from: have.running, to: value })
    if (have.saved !== line) changes.push({ kind: 'save', what: savedPath(want.name), from: have.saved, to: line })
    return {
      changes,
      after: [
        predict(read.file(runningPath(want.name)), fileOf(`${printed(value)}\n`, { mode: 0o644 })),
        predict(read.file(savedPath(want.name)), fileOf(line, { mode: 0o644 })),
      ],
      result: { value },
    }
  },

  apply: {
    // sysctl of procps 3.3 ends with 0 when the kernel refuses a value.
    set: ({ to }, { name }) =>
      sh`printf '%s\\n' ${to ?? ''} >${runningPath(name)} || { echo ${`lockstep: the kernel refuses ${to} for ${name}`} >&2; exit 1; }`,
    save: ({ what, to }) => sh.write(what, to ?? '', { mode: 0o644 }),
  },
})

/** The running kernel's value is a file too. */
function runningPath(name: string): string {
  return `/proc/sys/${slashed(name)}`
}

/** One file a parameter, so that tasks never share one; `zz` is read last and wins. */
function savedPath(name: string): string {
  return `/etc/sysctl.d/zz-${slashed(name).replaceAll('/', '.')}.conf`
}

/** The first separator tells which of the two separates, as in net.ipv4.conf.eth0/100.rp_filter; see sysctl.d(5). */
function slashed(name: string): string {
  if (/[./]/.exec(name)?.[0] === '/') return name
  return name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'))
}

/** The kernel prints tabs between numbers where people type spaces. */
function squeeze(value: string): string {
  return value.trim().replace(/\s+/g, ' ')
}

function printed(value: string): string {
  return /^[\d -]+$/.test(value) ? value.replaceAll(' ', '\t') : value
}
