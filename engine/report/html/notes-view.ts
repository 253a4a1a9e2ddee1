import type { Audit } from '../audit-schema.ts'
import { type Element, el } from './element.ts'

/** Handlers that earlier runs owed, and what looks wrong in the playbooks; nothing when there is neither. */
export function notesView({ runs, warnings }: Audit): Element[] {
  const debts = runs.flatMap((run) => run.debts)
  return [...debtsView(debts), ...warningsView(warnings)]
}

function debtsView(debts: Audit['runs'][number]['debts']): Element[] {
  if (debts.length === 0) return []
  const rows = debts.map(({ host, handler, since, reason, by, handlerExists }) => {
    const rest = handlerExists ? '' : '; this playbook has no such handler'
    return el('li', {}, el('b', {}, host), ` owes '${handler}' since ${since} (${reason}, by ${by})${rest}`)
  })
  return [
    el(
      'section',
      { 'aria-labelledby': 'debts-title' },
      el('h2', { id: 'debts-title' }, 'Owed by earlier runs'),
      el('ul', {}, ...rows),
    ),
  ]
}

function warningsView(warnings: Audit['warnings']): Element[] {
  if (warnings.length === 0) return []
  const rows = warnings.map(({ code, message, place, hint }) => {
    const where = place ? [' ', el('code', {}, `${place.file}:${place.line}:${place.column}`)] : []
    return el('li', {}, el('b', {}, code), ` ${message}`, ...where, hint === undefined ? '' : ` Hint: ${hint}`)
  })
  return [
    el(
      'section',
      { 'aria-labelledby': 'warnings-title' },
      el('h2', { id: 'warnings-title' }, 'Warnings about the playbook'),
      el('ul', {}, ...rows),
    ),
  ]
}
