import { Type } from '@sinclair/typebox'
import type { Outcome } from '../../engine/resource/action.ts'

/** Options of ssh for nothing but named keys over one connection: no agent, no other files, no connection that stands already. */
export const FRESH = [
  ...['BatchMode=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', 'PreferredAuthentications=publickey'],
  ...[
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'ControlMaster=no',
    'ControlPath=none',
    'ClearAllForwardings=yes',
  ],
  ...['ForwardAgent=no', 'ServerAliveInterval=5', 'ServerAliveCountMax=3'],
]

/** A name or address that ssh cannot take for an option. */
export const loginName = (description: string) => Type.String({ pattern: '^[^\\s-][^\\s]*$', description })

/** What ssh has said last, without what `-v` adds. */
export function lastWords({ stderr }: Outcome): string {
  const lines = stderr.toString('utf8').split(/\r?\n/)
  return (
    lines.findLast((line) => line.trim() !== '' && !/^(debug1: |Transferred: |Bytes per second|OpenSSH_)/.test(line)) ??
    ''
  )
}

/** ssh splits the values of its options at spaces. */
export function quoted(path: string): string {
  return `"${path}"`
}
