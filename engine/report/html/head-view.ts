import type { Audit, AuditRun } from '../audit-schema.ts'
import { auditTone, auditVerdict, runVerdict } from '../audit-verdict.ts'
import { duration } from '../words.ts'
import { type Element, el } from './element.ts'

const signs = { bad: '✕', changed: '≠', good: '✓' }
const words = { bad: 'needs attention', changed: 'differs', good: 'all is well' }

/** The verdict, before anything else; then who looked, when, and for how long. */
export function headView(audit: Audit): Element {
  const { runs } = audit
  const tone = auditTone(runs)
  const parts = auditVerdict(runs).split(' · ')
  const sign = el('span.sign', { role: 'img', 'aria-label': words[tone] }, signs[tone])
  const line = parts.flatMap((part, index) => [
    ...(index === 0 ? [] : [el('span.dot', {}, ' · ')]),
    el('span.part', {}, part),
  ])
  const ends = runs.filter(({ outcome }) => outcome !== 'finished').map(endView)
  return el('header.head', {}, kicker(runs), el('div.verdict', {}, sign, el('h1', {}, ...line)), ...ends, facts(runs))
}

function kicker(runs: readonly AuditRun[]): Element {
  const verbs = [...new Set(runs.map(({ mode }) => (mode === 'check' ? 'Check' : 'Run')))].join(' and ')
  return el('p.kicker', {}, `${verbs || 'Report'} of `, el('b', {}, runs.map(({ playbook }) => playbook).join(', ')))
}

function endView({ playbook, outcome }: AuditRun): Element {
  const what = outcome === 'interrupted' ? 'was interrupted' : 'was cut short'
  return el('p.warning', {}, el('b', {}, `${playbook} ${what}.`), ' What is missing below was not looked at.')
}

function facts(runs: readonly AuditRun[]): Element {
  const rows = runs.map((run) => {
    const took = run.finished === undefined ? '' : ` · ${duration(Date.parse(run.finished) - Date.parse(run.started))}`
    const own = runs.length > 1 ? [el('b', {}, run.playbook), `: ${runVerdict(run)} · `] : []
    return el('p', {}, ...own, time(run.started), `${took} · by ${run.operator}`)
  })
  return el('div.facts', {}, ...rows)
}

function time(at: string): Element {
  return el('time', { datetime: at }, `${at.slice(0, 19).replace('T', ' ')} UTC`)
}
