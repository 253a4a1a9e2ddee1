import { spawnSync } from 'node:child_process'
import { describe } from 'vitest'

/** Whether this machine has a program; `npm test` installs what is missing where it may. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--help'], { stdio: 'ignore' }).error === undefined
}

/** The same tests for each shell, as its words; those of a shell that this machine lacks count as skipped. */
export function describeShells(
  shells: readonly (readonly string[])[],
  title: (shell: string) => string,
  tests: (words: readonly string[]) => void,
): void {
  for (const words of shells) describe.skipIf(!hasProgram(words[0] ?? ''))(title(words.join(' ')), () => tests(words))
}
