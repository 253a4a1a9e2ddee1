import { renameSync, writeFileSync } from 'node:fs'

/** Writes a file that others may read at any time: they find the old one or the new one, whole. */
export function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.new`
  writeFileSync(draft, text)
  renameSync(draft, file)
}
