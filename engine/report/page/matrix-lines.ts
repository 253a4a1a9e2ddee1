import { el } from '../html/element.ts'
import { kindOf, type PageData } from '../html/page-data.ts'
import { toDom } from './dom.ts'

/** The columns of the matrix that are drawn, and the room beside them. */
export interface Part {
  data: PageData
  columns: readonly number[]
  /** The place of the first of them among all that are selected. */
  from: number
  /** In pixels. */
  sides: { left: number; right: number }
}

/** The names of the tasks. */
export function headLine({ data, columns, from, sides }: Part): HTMLElement {
  const corner = el('th.corner', { scope: 'col', 'aria-colindex': '1' }, 'Host')
  const names = columns.map((column, index) => {
    const name = data.tasks[column]?.name ?? ''
    return el('th', { scope: 'col', 'aria-colindex': String(from + index + 2), title: name }, el('span', {}, name))
  })
  const line = toDom(el('tr', { 'aria-rowindex': '1' }, corner, ...names)) as HTMLElement
  line.firstElementChild?.after(...gap('th', sides.left))
  line.append(...gap('th', sides.right))
  return line
}

/** A host with its cells; `at` counts among the hosts that are selected. */
export function rowLine({ data, sides }: Part, row: number, at: number, cells: readonly HTMLElement[]): HTMLElement {
  const line = document.createElement('tr')
  line.setAttribute('aria-rowindex', String(at + 2))
  const name = data.hosts[row]?.name ?? ''
  const head = toDom(el('th', { scope: 'row', 'aria-colindex': '1', title: name }, el('span', {}, name)))
  line.append(head, ...gap('td', sides.left), ...cells, ...gap('td', sides.right))
  return line
}

export interface CellWish {
  row: number
  column: number
  /** Where it stands among what is selected. */
  at: { row: number; column: number }
  /** The one cell that Tab leads to. */
  isActive: boolean
  /** Not among what a filter asks for. */
  isBeside: boolean
}

/** What one host came to with one task: a sign, and its word for those who do not see it. */
export function cellOf(data: PageData, { row, column, at, isActive, isBeside }: CellWish): HTMLElement {
  const kind = kindOf(data.cells[row]?.[column] ?? ' ')
  const word = kind?.word ?? 'took no part'
  const cell = document.createElement('td')
  cell.className = `tone-${kind?.tone ?? 'none'}${isBeside ? ' beside' : ''}`
  cell.setAttribute('aria-colindex', String(at.column + 2))
  cell.setAttribute('aria-label', word)
  cell.title = `${data.hosts[row]?.name}: ${data.tasks[column]?.name}: ${word}`
  cell.tabIndex = isActive ? 0 : -1
  cell.dataset.row = String(at.row)
  cell.dataset.column = String(at.column)
  cell.textContent = kind?.glyph ?? ''
  return cell
}

/** Room for hosts that are not drawn. */
export function emptyLine(height: number): HTMLElement {
  const line = document.createElement('tr')
  line.setAttribute('aria-hidden', 'true')
  line.style.height = `${height}px`
  return line
}

/** Room for tasks that are not drawn. */
function gap(tag: 'td' | 'th', width: number): HTMLElement[] {
  if (width === 0) return []
  const cell = document.createElement(tag)
  cell.setAttribute('aria-hidden', 'true')
  cell.className = 'gap'
  cell.style.width = `${width}px`
  return [cell]
}
