import { el } from '../html/element.ts'
import { kinds, type PageData } from '../html/page-data.ts'
import { byId, toDom } from './dom.ts'
import { createFilter } from './filter.ts'
import { List } from './list.ts'
import { Matrix } from './matrix.ts'

const data = JSON.parse(byId('data').textContent ?? '') as PageData
const select = createFilter(data)
const chosen = new Set<string>()
const fields = ['text', 'host', 'task'].map((id) => byId<HTMLInputElement>(id))
const everything = select({ text: '', host: '', task: '', kinds: chosen })
const matrix = new Matrix(data, everything)
const list = new List(data)
const result = byId('result')

showLegend()
byId('filters').hidden = data.findings.length === 0
byId('matrix').hidden = data.tasks.length === 0
matrix.show(everything)
list.show(everything.findings)
for (const field of fields) field.addEventListener('input', apply)
byId('clear').addEventListener('click', () => {
  for (const field of fields) field.value = ''
  chosen.clear()
  apply()
  fields[0]?.focus()
})
const printing = matchMedia('print')
printing.addEventListener('change', () => {
  matrix.print(printing.matches)
  if (printing.matches) list.print()
})

function apply(): void {
  const [text = '', host = '', task = ''] = fields.map(({ value }) => value)
  const selection = select({ text, host, task, kinds: chosen })
  matrix.show(selection)
  list.show(selection.findings)
  result.textContent = wordsFor(selection.findings.length)
  for (const button of document.querySelectorAll<HTMLElement>('#legend button')) {
    button.setAttribute('aria-pressed', String(chosen.has(button.dataset.kind ?? '')))
  }
}

function wordsFor(found: number): string {
  const all = data.findings.length
  const filtered = chosen.size > 0 || fields.some(({ value }) => value !== '')
  if (!filtered) return `${all} ${all === 1 ? 'finding' : 'findings, the worst first'}`
  return `${found} of ${all} ${all === 1 ? 'finding' : 'findings'}`
}

/** Each kind that there is, with its number; pressed, it is a filter. */
function showLegend(): void {
  const numbers = new Map<string, number>()
  for (const row of data.cells) for (const letter of row) numbers.set(letter, (numbers.get(letter) ?? 0) + 1)
  const items = kinds.flatMap(({ letter, glyph, word, tone }) => {
    const number = numbers.get(letter)
    if (number === undefined) return []
    const sign = el('span.sample', { class: `sample tone-${tone}`, 'aria-hidden': 'true' }, glyph)
    const attributes = { type: 'button', 'aria-pressed': 'false', 'data-kind': letter }
    return [el('li', {}, el('button', attributes, sign, ` ${word} `, el('b', {}, String(number))))]
  })
  const legend = byId('legend')
  legend.replaceChildren(...items.map(toDom))
  legend.addEventListener('click', ({ target }) => {
    const kind = target instanceof Element ? target.closest('button')?.dataset.kind : undefined
    if (kind === undefined) return
    if (!chosen.delete(kind)) chosen.add(kind)
    apply()
  })
}
