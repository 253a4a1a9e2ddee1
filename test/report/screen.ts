import xterm from '@xterm/headless'

/** A terminal that shows what is written to it, as a person would see it. */
export class Screen {
  readonly #terminal: xterm.Terminal
  readonly #waiting = new Set<() => void>()

  /** `lineEnds`: written to directly, without a kernel's terminal between that would turn line feeds into line ends. */
  constructor(columns: number, rows: number, { lineEnds }: { lineEnds: boolean }) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: lineEnds })
    this.#terminal.onWriteParsed(() => {
      for (const look of this.#waiting) look()
    })
  }

  get width(): number {
    return this.#terminal.cols
  }

  get height(): number {
    return this.#terminal.rows
  }

  write(text: string | Uint8Array): void {
    this.#terminal.write(text)
  }

  /** Settles once all that was written is shown. */
  async shown(): Promise<void> {
    await new Promise<void>((resolve) => this.#terminal.write('', resolve))
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows)
  }

  /** All lines, those that have scrolled out at the top included, without the empty ones at the end. */
  get lines(): string[] {
    const buffer = this.#terminal.buffer.active
    const rows = Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row)?.translateToString(true) ?? '')
    while (rows.at(-1) === '') rows.pop()
    return rows
  }

  /** Where the next character would stand: column, and row from the top of what has scrolled out. */
  get cursor(): [number, number] {
    const { cursorX, baseY, cursorY } = this.#terminal.buffer.active
    return [cursorX, baseY + cursorY]
  }

  /** Waits until the screen is as wanted. */
  async until(isSo: (lines: readonly string[]) => boolean): Promise<void> {
    if (isSo(this.lines)) return
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isSo(this.lines)) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
    })
  }
}
