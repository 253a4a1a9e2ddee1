import { expect, test } from 'vitest'
import { actions, modules } from '../../modules/index.ts'
import { runText } from './playbook-run.ts'

const PLAYBOOK = `- hosts: web
  tasks:
    - name: the same everywhere
      copy: { dest: '{{ at }}/shared', content: "one\\n", mode: '0644' }
    - name: each its own
      copy: { dest: '{{ at }}/{{ inventory_hostname }}', content: "{{ inventory_hostname }}\\n", mode: '0644' }
    - name: no variables
      file: { path: /, state: directory }
`

/** The modules, each of which counts how often it is asked what to look at and what to do. */
function counting() {
  const counts: Record<string, { reads: number; plans: number }> = {}
  const counted = modules.map((module) => {
    const count = { reads: 0, plans: 0 }
    counts[module.name] = count
    const reads: typeof module.reads = (args) => {
      count.reads++
      return module.reads(args)
    }
    const plan: typeof module.plan = (want, have) => {
      count.plans++
      return module.plan(want, have)
    }
    return { ...module, reads, plan }
  })
  return { counts, registry: { modules: counted, actions } }
}

test.each(['check', 'run'] as const)(
  'a %s plans each task once on a host where all is as it shall be',
  async (mode) => {
    const { folder } = await runText(PLAYBOOK, { files: { shared: 'one\n' } })
    const { counts, registry } = counting()
    const { lines } = await runText(PLAYBOOK, { mode, options: { registry, extraVars: { at: folder } } })
    expect(lines.filter((line) => !line.endsWith(': ok'))).toEqual([])
    // Three hosts. What to look at is asked ahead and in turn, but once of arguments that no host has a part in.
    expect({ copy: counts.copy, file: counts.file }).toEqual({
      copy: { reads: 12, plans: 6 },
      file: { reads: 1, plans: 3 },
    })
  },
)
