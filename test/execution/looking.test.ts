import { expect, test } from 'vitest'
import { runText } from './playbook-run.ts'

/** So many files, and behind each a command that may do anything. */
const playbook = (size: number) =>
  `- hosts: a\n  tasks:\n${Array.from(
    { length: size },
    (_, at) => `    - copy: { dest: '{{ at }}/f${at}', content: "x\\n" }
    - command: { argv: ['true'] }
      changed_when: false\n`,
  ).join('')}`

/** How many looks there were in each round. */
async function looks(mode: 'run' | 'check', size: number): Promise<number[]> {
  const counts: number[] = []
  const files = Object.fromEntries(Array.from({ length: size }, (_, at) => [`f${at}`, 'x\n']))
  const { lines } = await runText(playbook(size), {
    mode,
    hosts: 'all: { hosts: { a: } }\n',
    files,
    round: (_, round) => (work) => {
      counts.push([...work.reads].filter(({ kind }) => kind === 'file').length)
      return round(work)
    },
  })
  expect(lines.filter((line) => /failed|unreachable/.test(line))).toEqual([])
  return counts
}

test('nothing is looked at that a command ahead makes be looked at again', async () => {
  const [few, more] = [await looks('run', 3), await looks('run', 6)]
  const most = (counts: number[]) => Math.max(...counts)
  expect(most(more)).toBe(most(few))
  const sum = (counts: number[]) => counts.reduce((total, each) => total + each, 0)
  expect(sum(more)).toBe(2 * sum(few))
})

test('a check looks at everything at once, since no command of it does anything', async () => {
  const counts = await looks('check', 6)
  expect(counts.filter((count) => count > 0)).toHaveLength(1)
})
