import { el } from '../html/element.ts'
import { badge, findingView, placeView } from '../html/finding-view.ts'
import type { PageData } from '../html/page-data.ts'
import { byId, toDom } from './dom.ts'
import type { Selection } from './filter.ts'
import { cellOf, emptyLine, headLine, type Part, rowLine } from './matrix-lines.ts'
import { moved } from './move.ts'

/** Rows and columns drawn beyond what is seen, so that scrolling shows no holes. */
const MARGIN = 4
const MOST_PRINTED = 4000

/** Hosts by tasks. Only the cells in sight are in the document, however many there are. */
export class Matrix {
  readonly #data: PageData
  readonly #scroller = byId('scroller')
  readonly #grid = byId<HTMLTableElement>('grid')
  readonly #cell = byId('cell')
  #selection: Selection
  #active = { row: 0, column: 0 }
  #drawn = ''
  #isWhole = false

  constructor(data: PageData, selection: Selection) {
    this.#data = data
    this.#selection = selection
    let isWaiting = false
    const later = () => {
      if (isWaiting) return
      isWaiting = true
      requestAnimationFrame(() => {
        isWaiting = false
        this.#draw()
      })
    }
    this.#scroller.addEventListener('scroll', later, { passive: true })
    new ResizeObserver(later).observe(this.#scroller)
    this.#grid.style.setProperty('--head', `${headHeight(data)}px`)
    this.#scroller.addEventListener('keydown', (event) => this.#onKey(event))
    this.#grid.addEventListener('click', (event) => this.#onClick(event))
  }

  show(selection: Selection): void {
    this.#selection = selection
    this.#active = { row: 0, column: 0 }
    this.#close()
    this.#drawn = ''
    this.#draw()
  }

  /** All cells for paper, if they fit on it. */
  print(isPrinting: boolean): void {
    const { rows, columns } = this.#selection
    const fits = rows.length * columns.length <= MOST_PRINTED && columns.length <= 40
    this.#isWhole = isPrinting && fits
    this.#scroller.hidden = isPrinting && !fits
    byId('too-large').hidden = !this.#scroller.hidden
    this.#drawn = ''
    this.#draw()
  }

  #draw(): void {
    const { rows, columns } = this.#selection
    const size = this.#sizes()
    const down = this.#range(this.#scroller.scrollTop, this.#scroller.clientHeight - size.head, size.cell, rows.length)
    const across = this.#range(
      this.#scroller.scrollLeft,
      this.#scroller.clientWidth - size.corner,
      size.cell,
      columns.length,
    )
    const drawn = JSON.stringify([down, across, size])
    if (drawn === this.#drawn) return
    this.#drawn = drawn
    const hadFocus = this.#scroller.contains(document.activeElement)
    const sides = { left: across.from * size.cell, right: (columns.length - across.to) * size.cell }
    const seen = columns.slice(across.from, across.to)
    const part: Part = { data: this.#data, columns: seen, from: across.from, sides }
    const lines = rows.slice(down.from, down.to).map((row, index) => {
      const cells = seen.map((column, at) =>
        this.#cellOf(row, column, { row: down.from + index, column: across.from + at }),
      )
      return rowLine(part, row, down.from + index, cells)
    })
    this.#grid.setAttribute('aria-rowcount', String(rows.length + 1))
    this.#grid.setAttribute('aria-colcount', String(columns.length + 1))
    this.#grid.style.width = `${size.corner + columns.length * size.cell}px`
    const head = document.createElement('thead')
    head.append(headLine(part))
    const body = document.createElement('tbody')
    body.append(emptyLine(down.from * size.cell), ...lines, emptyLine((rows.length - down.to) * size.cell))
    this.#grid.replaceChildren(head, body)
    const active = this.#activeCell()
    this.#scroller.tabIndex = active ? -1 : 0
    if (hadFocus) (active ?? this.#scroller).focus({ preventScroll: true })
  }

  #sizes(): { cell: number; head: number; corner: number } {
    const style = getComputedStyle(this.#grid)
    const read = (name: string) => Number.parseFloat(style.getPropertyValue(name)) || 0
    return { cell: read('--cell'), head: read('--head'), corner: read('--corner') }
  }

  #range(scrolled: number, room: number, cell: number, all: number): { from: number; to: number } {
    if (this.#isWhole) return { from: 0, to: all }
    const from = Math.max(0, Math.floor(scrolled / cell) - MARGIN)
    return { from: Math.min(from, all), to: Math.min(all, Math.ceil((scrolled + Math.max(room, 0)) / cell) + MARGIN) }
  }

  #cellOf(row: number, column: number, at: { row: number; column: number }): HTMLElement {
    const isActive = at.row === this.#active.row && at.column === this.#active.column
    return cellOf(this.#data, { row, column, at, isActive, isBeside: !this.#selection.matches(row, column) })
  }

  #activeCell(): HTMLElement | undefined {
    return this.#grid.querySelector<HTMLElement>('td[tabindex="0"]') ?? undefined
  }

  #onKey(event: KeyboardEvent): void {
    const { rows, columns } = this.#selection
    const { cell, head } = this.#sizes()
    const page = Math.max(1, Math.floor((this.#scroller.clientHeight - head) / cell) - 1)
    const next = moved(this.#active, event, { rows: rows.length, columns: columns.length, page })
    const isOpening = event.key === 'Enter' || event.key === ' '
    if (next || isOpening) event.preventDefault()
    if (next) this.#go(next)
    else if (isOpening) this.#open()
    else if (event.key === 'Escape') this.#close()
  }

  #onClick(event: MouseEvent): void {
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('td[data-row]') : null
    if (!cell) return
    this.#go({ row: Number(cell.dataset.row), column: Number(cell.dataset.column) })
    this.#open()
  }

  #go(next: { row: number; column: number }): void {
    this.#active = next
    const { cell, head, corner } = this.#sizes()
    const scroller = this.#scroller
    scroller.scrollTop = within(scroller.scrollTop, next.row * cell, scroller.clientHeight - head - cell)
    scroller.scrollLeft = within(scroller.scrollLeft, next.column * cell, scroller.clientWidth - corner - cell)
    this.#drawn = ''
    this.#draw()
    this.#activeCell()?.focus({ preventScroll: true })
  }

  #open(): void {
    const row = this.#selection.rows[this.#active.row]
    const column = this.#selection.columns[this.#active.column]
    const task = this.#data.tasks[column ?? -1]
    if (row === undefined || column === undefined || !task) return
    const findings = this.#data.findings.filter((one) => one.task === column && one.hosts.includes(row))
    const title = el(
      'h3',
      {},
      badge(this.#data.cells[row]?.[column] ?? ' '),
      ` ${this.#data.hosts[row]?.name}: ${task.name}`,
    )
    const parts = findings.length > 0 ? findings.map((one) => findingView(one, this.#data)) : [placeView(task)]
    this.#cell.replaceChildren(...[title, ...parts].map(toDom))
    this.#cell.hidden = false
  }

  #close(): void {
    this.#cell.hidden = true
    this.#cell.replaceChildren()
  }
}

/** Room for the longest name, within bounds: names stand upright, about seven pixels a letter. */
function headHeight({ tasks }: PageData): number {
  return Math.min(180, 24 + 7 * tasks.reduce((most, { name }) => Math.max(most, name.length), 4))
}

/** The least scrolling that brings a cell into sight. */
function within(scrolled: number, start: number, room: number): number {
  return Math.min(start, Math.max(scrolled, start - room))
}
