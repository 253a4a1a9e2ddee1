import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { Problem, Problems } from '../../engine/problem.ts'

const made: string[] = []

/** A folder with these files in it, gone when the tests of the file are done; those whose text begins with #! can be run. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-language-'))
  made.push(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
    if (text.startsWith('#!')) chmodSync(join(folder, path), 0o755)
  }
  return folder
}

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true })
})

/** What `work` says is wrong, as users see it, with the test's folder left out of the paths. */
export function complaintsOf(work: () => unknown, folder: string): string[] {
  try {
    work()
  } catch (error) {
    if (error instanceof Problems) return error.problems.map((problem) => String(problem).replaceAll(`${folder}/`, ''))
    if (error instanceof Problem) return [String(error).replaceAll(`${folder}/`, '')]
    throw error
  }
  return []
}
