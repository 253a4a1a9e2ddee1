import { findingView } from '../html/finding-view.ts'
import type { PageData, PageFinding } from '../html/page-data.ts'
import { byId, toDom } from './dom.ts'

const STEP = 40
const MOST_PRINTED = 1000

/** The findings, a step at a time, so that thousands of them cost no more than those that are read. */
export class List {
  readonly #data: PageData
  readonly #list = byId('list')
  readonly #rest = byId('rest')
  readonly #button = document.createElement('button')
  #findings: readonly PageFinding[] = []
  #shown = 0

  constructor(data: PageData) {
    this.#data = data
    this.#button.type = 'button'
    this.#button.addEventListener('click', () => {
      const first = this.#shown
      this.more(STEP)
      const next = this.#list.children[first]
      if (next instanceof HTMLElement) {
        next.tabIndex = -1
        next.focus({ preventScroll: true })
      }
    })
  }

  show(findings: readonly PageFinding[]): void {
    this.#findings = findings
    this.#shown = 0
    this.#list.replaceChildren()
    this.more(STEP)
  }

  more(number: number): void {
    const next = this.#findings.slice(this.#shown, this.#shown + number)
    this.#list.append(...next.map((finding) => toDom(findingView(finding, this.#data))))
    this.#shown += next.length
    const left = this.#findings.length - this.#shown
    this.#button.textContent = `Show ${Math.min(left, STEP)} more of ${left}`
    this.#rest.replaceChildren(...(left > 0 ? [this.#button] : []))
  }

  /** Paper has no buttons. */
  print(): void {
    this.more(MOST_PRINTED - this.#shown)
    for (const details of this.#list.querySelectorAll('details')) details.open = true
  }
}
