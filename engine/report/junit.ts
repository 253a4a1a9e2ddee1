import type { Audit, AuditHost, AuditResult, AuditRun, AuditTask } from './audit-schema.ts'
import { auditVerdict } from './audit-verdict.ts'
import { differenceText, differenceTitle, failureText } from './difference-text.ts'
import { isDrift, isMay, severity, wordFor } from './status.ts'
import { element, xmlText } from './xml.ts'

const MOST_LINES = 60

/** JUnit's XML as Jenkins and GitLab read it: a suite for each host, a case for each (host, task); items share their task's. */
export function junitReport(audit: Audit): string {
  const suites = audit.runs.flatMap(suitesOf)
  const sum = (key: 'tests' | 'failures' | 'errors') => suites.reduce((total, suite) => total + suite[key], 0)
  const attributes = {
    name: `lockstep: ${auditVerdict(audit.runs)}`,
    tests: sum('tests'),
    failures: sum('failures'),
    errors: sum('errors'),
  }
  const texts = suites.map(({ text }) => `\n  ${text}`)
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', attributes, [...texts, '\n'])}\n`
}

interface Suite {
  text: string
  tests: number
  failures: number
  errors: number
}

function suitesOf(run: AuditRun): Suite[] {
  const byHost = grouped(run.results, ({ host }) => host)
  return run.hosts.map((host) => suiteOf(run, host, byHost.get(host.name) ?? []))
}

function suiteOf(run: AuditRun, host: AuditHost, results: readonly AuditResult[]): Suite {
  const tasks = grouped(results, ({ task }) => task)
  const names = new Map<string, number>()
  const cases = [...tasks].flatMap(([index, results]) => {
    const task = run.tasks[index]
    return task ? [caseOf(run, task, results, names)] : []
  })
  const ending = run.outcome === 'finished' ? [] : [outcomeCase(run)]
  const all = [...cases, ...host.owed.map((handler) => owedCase(run, handler)), ...ending]
  const number = (kind: Verdict) => all.filter((one) => one.verdict === kind).length
  const counts = { tests: all.length, failures: number('failure'), errors: number('error') }
  const name = `${run.playbook} on ${host.name}`
  const attributes = { name, ...counts, skipped: number('skipped'), timestamp: run.started, hostname: host.name }
  return { ...counts, text: element('testsuite', attributes, [...all.map(({ text }) => `\n    ${text}`), '\n  ']) }
}

function grouped<K>(results: readonly AuditResult[], by: (result: AuditResult) => K): Map<K, AuditResult[]> {
  const groups = new Map<K, AuditResult[]>()
  for (const result of results) {
    const group = groups.get(by(result))
    if (group) group.push(result)
    else groups.set(by(result), [result])
  }
  return groups
}

type Verdict = 'passed' | 'failure' | 'error' | 'skipped'

interface Case {
  text: string
  verdict: Verdict
}

function caseOf(run: AuditRun, task: AuditTask, results: readonly AuditResult[], names: Map<string, number>): Case {
  const worst = results.reduce((a, b) => (severity(b) > severity(a) ? b : a))
  const verdict = results.every(({ status }) => status === 'skipped') ? 'skipped' : verdictOf(worst, run)
  const before = names.get(task.name) ?? 0
  names.set(task.name, before + 1)
  const { file, line } = task.place
  const name = before === 0 ? task.name : `${task.name} #${before + 1}`
  const told = results.filter((result) => severity(result) > 0 || result.warnings.length > 0)
  const text = [`${file}:${line}`, ...told.flatMap((result) => resultText(result, run))].join('\n')
  const type = wordFor(worst, run.mode)
  const message = [type, worst.item, essenceOf(worst)].filter(Boolean).join(': ')
  const content =
    verdict === 'passed'
      ? told.length > 0
        ? [element('system-out', {}, [xmlText(text)])]
        : []
      : [element(verdict, { type, message }, [xmlText(text)])]
  return { verdict, text: element('testcase', { name, classname: `${run.playbook}.${task.play}` }, content) }
}

function essenceOf({ reason, failure, differences }: AuditResult): string | undefined {
  const [first] = differences
  return reason ?? failure?.message ?? (first && differenceTitle(first))
}

function owedCase(run: AuditRun, handler: string): Case {
  const message = `the handler '${handler}' is owed and has not run`
  const content = [element('failure', { type: 'owed', message })]
  return {
    verdict: 'failure',
    text: element('testcase', { name: `owed: ${handler}`, classname: run.playbook }, content),
  }
}

function outcomeCase(run: AuditRun): Case {
  const message = run.outcome === 'interrupted' ? 'the run was interrupted' : 'the run was cut short'
  const content = [element('error', { type: run.outcome, message })]
  return {
    verdict: 'error',
    text: element('testcase', { name: 'the run came to its end', classname: run.playbook }, content),
  }
}

/** Drift fails a check's case; what cannot be known, or was not allowed to be seen, is skipped with its reason. */
function verdictOf({ status, tolerated }: AuditResult, { mode }: AuditRun): Verdict {
  if (tolerated !== undefined) return 'passed'
  if (status === 'failed' || status === 'unreachable') return 'error'
  if (mode === 'check' && isDrift(status)) return 'failure'
  return isMay(status) || status === 'not-visible' ? 'skipped' : 'passed'
}

function resultText(result: AuditResult, run: AuditRun): string[] {
  const item = result.item === undefined ? '' : ` (${result.item})`
  return [
    `${wordFor(result, run.mode)}${item}${result.reason === undefined ? '' : `: ${result.reason}`}`,
    ...result.differences.flatMap((difference) => differenceText(difference, MOST_LINES)),
    ...(result.failure ? failureText(result.failure) : []),
    ...result.warnings.map((warning) => `warning: ${warning}`),
  ]
}
