interface Cell {
  row: number
  column: number
}

/** Where a key leads in a grid, see https://www.w3.org/WAI/ARIA/apg/patterns/grid/; nothing when it is not for the grid. */
export function moved(
  from: Cell,
  { key, ctrlKey }: { key: string; ctrlKey: boolean },
  size: { rows: number; columns: number; page: number },
): Cell | undefined {
  const { row, column } = from
  const [lastRow, lastColumn] = [size.rows - 1, size.columns - 1]
  const to: Readonly<Record<string, Cell>> = {
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    PageUp: { row: row - size.page, column },
    PageDown: { row: row + size.page, column },
    Home: { row: ctrlKey ? 0 : row, column: 0 },
    End: { row: ctrlKey ? lastRow : row, column: lastColumn },
  }
  const next = to[key]
  return next && { row: clamp(next.row, lastRow), column: clamp(next.column, lastColumn) }
}

function clamp(number: number, last: number): number {
  return Math.max(0, Math.min(number, last))
}
