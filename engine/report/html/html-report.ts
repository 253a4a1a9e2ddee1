import { createHash } from 'node:crypto'
import type { Audit } from '../audit-schema.ts'
import { auditTone, auditVerdict } from '../audit-verdict.ts'
import script from '../page/main.ts?bundle'
import style from '../page/style.css?bundle'
import { type Child, el, htmlText, toHtml } from './element.ts'
import { findingView } from './finding-view.ts'
import { headView } from './head-view.ts'
import { hostsView } from './hosts-view.ts'
import { inScript } from './in-script.ts'
import { notesView } from './notes-view.ts'
import type { PageData } from './page-data.ts'
import { pageDataOf } from './page-data-of.ts'
import { filtersView, matrixView } from './tools-view.ts'

/** Findings that stand in the page itself; more of them only its script shows. */
const MOST_FINDINGS = 60

/**
 * One file for people: it works from a disk, without a network and under its own strict policy, and can be read without its
 * script. What hosts said is in it as text and as JSON, never as markup.
 */
export function htmlReport(audit: Audit): string {
  const data = pageDataOf(audit)
  const verdict = auditVerdict(audit.runs)
  const main = el(
    'main',
    {},
    headView(audit),
    filtersView(),
    matrixView(),
    el(
      'section',
      { 'aria-labelledby': 'findings-title', id: 'findings' },
      el('h2', { id: 'findings-title' }, 'Findings'),
      el('p.result', { id: 'result', role: 'status', 'aria-live': 'polite' }, findingsWords(data)),
      el('div.list', { id: 'list' }, ...firstFindings(data)),
      el('p.more', { id: 'rest' }, ...restWords(data)),
    ),
    hostsView(data),
    ...notesView(audit),
  )
  const tone = `tone-${auditTone(audit.runs)}`
  return `<!doctype html>
<html lang="en" class="${tone}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${htmlText(verdict)}</title>
<style>${style}</style>
</head>
<body>
${toHtml(main)}
${toHtml(el('footer', {}, `Lockstep ${audit.lockstep}`))}
<script type="application/json" id="data">${inScript(data)}</script>
<script>${script}</script>
</body>
</html>
`
}

/** Nothing but this style and this script, by their hashes; no address is ever asked for anything. */
const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'`

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

function firstFindings(data: PageData): Child[] {
  return data.findings.slice(0, MOST_FINDINGS).map((finding) => findingView(finding, data))
}

function findingsWords({ findings }: PageData): string {
  if (findings.length === 0) return 'Nothing to tell: every state is as the playbook declares it.'
  return findings.length === 1 ? '1 finding' : `${findings.length} findings, the worst first`
}

function restWords({ findings }: PageData): string[] {
  const left = findings.length - MOST_FINDINGS
  return left > 0 ? [`${left} more findings are shown by the script of this page, or stand in the JSON report.`] : []
}
