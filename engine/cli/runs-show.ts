import { findRecord, readRecord } from '../history/read-records.ts'
import type { RunRecord } from '../history/record.ts'
import { printableLine } from '../report/printable.ts'
import { replay } from '../report/replay.ts'
import { listed } from '../report/words.ts'
import { recordedRuns, tellUnreadable, timeWords } from './history.ts'
import type { ReportFlags } from './options.ts'
import { startReport } from './report.ts'

/** Tells a recorded run again, in any form of report. */
export async function showRun(id: string, flags: ReportFlags): Promise<void> {
  const entry = findRecord(recordedRuns(), id)
  const record = await readRecord(entry)
  const report = startReport(flags, record.start.mode, { live: false })
  if (flags.output === 'terminal') for (const line of headLines(record)) process.stdout.write(`${line}\n`)
  replay(record.events, report.emit)
  report.end()
  if (!record.end) process.stderr.write('the record ends here: the run was cut off, or is still under way\n')
  tellUnreadable(entry, record.unreadable)
}

function headLines({ start, end }: RunRecord): string[] {
  const { from, flags } = start
  const asked = [
    ...start.inventory.map((path) => `-i ${path}`),
    ...(start.limit ?? []).map((pattern) => `--limit ${pattern}`),
    ...(start.tags ? [`--tags ${start.tags.join(',')}`] : []),
    ...(start.skipTags ? [`--skip-tags ${start.skipTags.join(',')}`] : []),
    ...(start.extraVars ?? []).map((name) => `-e ${name}=…`),
    ...(start.plan === undefined ? [] : [`--plan ${start.plan}`]),
    ...Object.entries(flags).map(([name, value]) => `${name}: ${value}`),
  ]
  const client = from.sshClient === undefined ? '' : `, logged in there from ${from.sshClient}`
  const lines = [
    `run ${start.id}, with Lockstep ${start.lockstep}`,
    `${timeWords(start.at)}  ${start.mode} by ${start.operator} on ${from.host}${client}, in ${from.folder}`,
    `asked for: ${[...start.playbooks, ...asked].join(', ')}`,
    `hosts: ${listed(start.hosts, 20)}`,
    ...(end ? [`ended ${timeWords(end.at)} with exit code ${end.exitCode}`] : []),
  ]
  return [...lines.map(printableLine), '']
}
