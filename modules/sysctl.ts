import { Type } from '@sinclair/typebox'
import { Arg } from '../engine/resource/arguments.ts'
import type { Change } from '../engine/resource/change.ts'
import { sh } from '../engine/resource/command.ts'
import { defineModule } from '../engine/resource/module.ts'
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

  state: ({ running, saved }) => ({ running: squeeze(textOf(running) ?? ''), saved: textOf(saved) }),

  plan(want, have) {
    const value = squeeze(String(want.value))
    const line = `${want.name} = ${value}\n`
    const changes: SysctlChange[] = []
    if (have.running !== value) changes.push({ kind: 'set', what: want.name, from: have.running, to: value })
    if (have.saved !== line) changes.push({ kind: 'save', what: savedPath(want.name), from: have.saved, to: line })
    return {
      changes,
      after: [
        predict(read.file(runningPath(want.name)), fileOf(`${value}\n`, { mode: 0o644 })),
        predict(read.file(savedPath(want.name)), fileOf(line, { mode: 0o644 })),
      ],
      result: { value },
    }
  },

  apply: {
    set: ({ to }, { name }) => sh`sysctl -q -w ${`${name}=${to}`}`,
    save: ({ what, to }) => sh.write(what, to ?? '', { mode: 0o644 }),
  },
})

/** The running kernel's value is a file too; reading it costs no process. */
function runningPath(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`
}

/** One file a parameter, so that tasks never share one; `zz` is read last and wins. */
function savedPath(name: string): string {
  return `/etc/sysctl.d/zz-${name.replaceAll('/', '.')}.conf`
}

/** The kernel prints tabs between numbers where people type spaces. */
function squeeze(value: string): string {
  return value.trim().replace(/\s+/g, ' ')
}
