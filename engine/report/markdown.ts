import { type AuditFinding, auditFindings } from './audit-findings.ts'
import type { Audit, AuditRun } from './audit-schema.ts'
import { auditTone, auditVerdict, runVerdict } from './audit-verdict.ts'
import { differenceText, failureText } from './difference-text.ts'
import { clipped, count, listed } from './words.ts'

/** GitHub takes 65,536 characters in a comment, GitLab a million; a reader takes less. */
const MOST_CHARACTERS = 60_000
const MOST_ROWS = 100
const MOST_DETAILS = 20
const MOST_LINES = 20

/** A comment on a pull request: the verdict, a table of what was found, and the first differences folded away. */
export function markdownReport(audit: Audit): string {
  const found = auditFindings(audit)
  const mark = { bad: '❌', changed: '⚠️', good: '✅' }[auditTone(audit.runs)]
  const head = [
    `### ${mark} ${inline(auditVerdict(audit.runs))}`,
    '',
    ...audit.runs.map((run) => runLine(run, audit.runs.length)),
    '',
  ]
  const text = [...head, ...table(found)].join('\n')
  return `${withDetails(text, found)}\n`
}

/** When several playbooks share a report, each has its own verdict. */
function runLine(run: AuditRun, runs: number): string {
  const ending =
    run.outcome === 'finished' ? '' : ` **It was ${run.outcome === 'interrupted' ? 'interrupted' : 'cut short'}.**`
  const verb = run.mode === 'check' ? 'Checked' : 'Ran'
  const own = runs > 1 ? `: ${inline(runVerdict(run))}` : ''
  return `${verb} ${code(run.playbook)} by ${code(run.operator)} at ${run.started}${own}.${ending}`
}

function table(found: readonly AuditFinding[]): string[] {
  if (found.length === 0) return ['Nothing to tell.']
  const rows = found.slice(0, MOST_ROWS).map((finding) => {
    const { task, hosts, word, result } = finding
    const item = result.item === undefined ? '' : ` (${inline(short(result.item))})`
    const cells = [
      inline(word),
      inline(short(task.name)) + item,
      inline(listed(hosts, 3)),
      code(`${task.place.file}:${task.place.line}`),
      inline(short(essence(finding))),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const left = found.length - rows.length
  const more = left > 0 ? ['', `${count(left, 'more row')} left out.`] : []
  return ['| | task | hosts | place | what |', '| --- | --- | --- | --- | --- |', ...rows, ...more]
}

function essence({ result }: AuditFinding): string {
  const { reason, failure, differences, message, warnings } = result
  if (failure) return `${failure.code}: ${failure.message}`
  const [first, ...rest] = differences
  const more = rest.length > 0 ? ` and ${count(rest.length, 'more difference')}` : ''
  if (first) return (differenceText(first, 0)[0] ?? '') + more
  return reason ?? warnings[0] ?? message ?? ''
}

/** As many details as there is room for. */
function withDetails(text: string, found: readonly AuditFinding[]): string {
  let whole = text
  for (const finding of found.slice(0, MOST_DETAILS)) {
    const lines = detailLines(finding)
    if (lines.length === 0) continue
    const summary = html(`${finding.word}: ${short(finding.task.name)} on ${listed(finding.hosts, 3)}`)
    const part = `\n\n<details><summary>${summary}</summary>\n\n${fenced(lines)}\n\n</details>`
    if (whole.length + part.length > MOST_CHARACTERS) break
    whole += part
  }
  return whole
}

function detailLines({ result }: AuditFinding): string[] {
  const texts = result.differences.flatMap((difference) => differenceText(difference, MOST_LINES))
  const lines = [...texts, ...(result.failure ? failureText(result.failure).flatMap((line) => line.split('\n')) : [])]
  return lines.slice(0, 3 * MOST_LINES).map((line) => (line.length > 300 ? `${clipped(line, 300)}…` : line))
}

/** A fence is longer than every run of backticks in it. */
function fenced(lines: readonly string[]): string {
  const text = lines.join('\n')
  const longest = [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 2)
  const fence = '`'.repeat(longest + 1)
  return `${fence}diff\n${text}\n${fence}`
}

/** Text in a line of Markdown or a cell of a table: shown as it is, whatever it holds. */
function inline(text: string): string {
  return html(text.replace(/\s/g, ' ').replace(/[\\`*_[\]|~$]/g, '\\$&'))
}

/** An empty comment ends what would be a mention, a reference to an issue or a link of its own. */
function html(text: string): string {
  return text
    .replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replace(/(?<!&)[@#]|[:/](?=\/)|www(?=\.)/gi, '$&<!-- -->')
}

function code(text: string): string {
  return `<code>${inline(text)}</code>`
}

function short(text: string): string {
  return text.length > 160 ? `${clipped(text, 160)}…` : text
}
