import { sh } from '../resource/command.ts'
import {
  type AccountRead,
  type AccountState,
  type GroupRead,
  type GroupState,
  NO_ACCOUNT,
  NO_GROUP,
} from '../resource/read.ts'
import type { Look, Seen } from './probe.ts'
import { stepOf } from './probe-raw.ts'

/** All accounts and groups of a round through the host's own name service; the hashes only where the login may see them. */
export function accountsLook(reads: readonly (AccountRead | GroupRead)[]): Look {
  const accounts = reads.filter((read) => read.kind === 'account').map(({ name }) => name)
  const lookup =
    accounts.length > 0
      ? sh`getent passwd -- ${accounts}; echo; getent shadow -- ${accounts}; [ -r /etc/shadow ] || echo :; echo`
      : sh`echo; echo`
  return {
    steps: [stepOf(sh`${lookup}; exec getent group`)],
    async parse([result]) {
      const text = result?.stdout.toString('utf8') ?? ''
      const [passwd = [], shadow = [], group = []] = splitTables(text)
      const groups = group.map(parseGroup)
      return new Map(reads.map((read) => [read.key, seen(read, passwd, shadow, groups)]))
    },
  }
}

interface NamedGroup extends GroupState {
  name: string
}

function seen(read: AccountRead | GroupRead, passwd: string[][], shadow: string[][], groups: NamedGroup[]): Seen {
  if (read.kind === 'group') {
    const found = groups.find(({ name }) => name === read.name)
    const state: GroupState = found ? { present: true, gid: found.gid, members: found.members } : NO_GROUP
    return { state }
  }
  const row = passwd.find(([name]) => name === read.name)
  if (!row) return { state: NO_ACCOUNT }
  const [name = '', , uid = '', gid = '', comment = '', home = '', shell = ''] = row
  const kept = shadow.find(([account]) => account === name)
  const expires = kept?.[7]
  const state: AccountState = {
    present: true,
    uid: Number(uid),
    gid: Number(gid),
    group: groups.find((group) => group.gid === Number(gid))?.name ?? gid,
    comment,
    home,
    shell,
    groups: groups
      .filter(({ members }) => members.includes(name))
      .map((group) => group.name)
      .sort(),
    passwordHash: kept?.[1] ?? (isClosed(shadow) ? undefined : ''),
    ...(expires ? { expires: Number(expires) } : {}),
  }
  return { state }
}

/** A row without a name stands for a table that may not be read. */
function isClosed(shadow: string[][]): boolean {
  return shadow.some(([name]) => name === '')
}

/** Three tables, a blank line between them, fields between colons. */
function splitTables(text: string): string[][][] {
  const tables: string[][][] = [[]]
  for (const line of text.split('\n')) {
    if (line === '' && tables.length < 3) tables.push([])
    else if (line !== '') tables.at(-1)?.push(line.split(':'))
  }
  return tables
}

function parseGroup([name = '', , gid = '', members = '']: string[]): NamedGroup {
  return { name, present: true, gid: Number(gid), members: members.split(',').filter(Boolean).sort() }
}
