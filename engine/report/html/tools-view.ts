import { type Element, el } from './element.ts'

/** Where the script puts the matrix; a page without script does not show it. */
export function matrixView(): Element {
  return el(
    'section.matrix',
    { id: 'matrix', hidden: '', 'aria-labelledby': 'matrix-title' },
    el('h2', { id: 'matrix-title' }, 'Hosts by tasks'),
    el('ul.legend', { id: 'legend', 'aria-label': 'Show only' }),
    el(
      'p.keys',
      { id: 'keys' },
      'Press a sign to see only its like, or a cell to see what is behind it. In the matrix arrow keys move, Enter opens and Escape closes.',
    ),
    el(
      'div.scroller',
      { id: 'scroller' },
      el('table', { id: 'grid', role: 'grid', 'aria-labelledby': 'matrix-title', 'aria-describedby': 'keys' }),
    ),
    el('p.keys.for-print', { id: 'too-large', hidden: '' }, 'The matrix is too large for paper.'),
    el('div.cell', { id: 'cell', hidden: '', role: 'region', 'aria-label': 'The chosen cell', 'aria-live': 'polite' }),
  )
}

/** The filters, for the script to reveal. */
export function filtersView(): Element {
  return el(
    'div.filters',
    { id: 'filters', hidden: '', role: 'search', 'aria-label': 'Findings and matrix' },
    field('text', 'Search', 'any text, as in a difference'),
    field('host', 'Host', 'part of a name'),
    field('task', 'Task', 'part of a name or module'),
    el('button', { type: 'button', id: 'clear' }, 'Clear'),
  )
}

function field(id: string, label: string, placeholder: string): Element {
  const input = el('input', { id, type: 'search', placeholder, autocomplete: 'off', spellcheck: 'false' })
  return el('label', { for: id }, el('span', {}, label), input)
}
