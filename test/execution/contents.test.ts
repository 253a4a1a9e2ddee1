import { expect, test } from 'vitest'
import { runText } from './playbook-run.ts'

test.each([
  ['a word', 'hunter2'],
  ['lines and quotes', "a = 'hunter2'\n# it's $HOME > all\n"],
  ['what looks like the end of it', "x' >&8 hunter2 'y\nprintf %s hunter2 >&8"],
  ['no ASCII', 'ä hunter2\n'],
])('a write that fails shows nothing of what it was to write: %s', async (_, content) => {
  const copy = { dest: '{{ at }}/f', content, validate: 'false %s' }
  const playbook = JSON.stringify([{ hosts: 'a', tasks: [{ copy, diff: false }] }])
  const { events, lines } = await runText(playbook, { hosts: 'all: { hosts: { a: } }\n' })
  expect(lines.join('\n')).toMatch(/failed$/)
  const shown = events.flatMap((event) => (event.type === 'task-result' ? [event.result.failure?.command?.text] : []))
  expect(shown.join('\n')).toContain('printf %s …')
  expect(JSON.stringify(shown)).not.toContain('hunter2')
})
