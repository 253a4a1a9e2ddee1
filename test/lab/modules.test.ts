import { describe, expect, test } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import { actions, modules } from '../../modules/index.ts'
import { exampleFiles } from '../modules/examples.ts'
import { files, freshHosts, inventoryText, playOn } from './play.ts'

/** Two hosts, each with half of the examples, at the same time. */
const hosts = [
  { name: 'modules1', address: '10.91.0.1' },
  { name: 'modules2', address: '10.91.0.2' },
]
const lab = freshHosts(hosts)

/** An example as the tasks of a play. */
function playbook(example: string): string {
  return `- hosts: all\n  become: true\n  tasks:\n${example.trim().replace(/^/gm, '    ')}\n`
}

const all = [...modules, ...actions].map(({ name, examples }) => ({
  name,
  examples,
  isModule: modules.some((module) => module.name === name),
}))

describe.concurrent.each(hosts)('on $name', (host) => {
  const half = all.filter((_, index) => hosts[index % hosts.length] === host)
  test.sequential.each(half)(
    'the examples of $name hold: check leaves it alone, a run changes what check said, a second one nothing',
    async ({ examples, isModule }) => {
      const changed: string[] = []
      for (const example of examples) {
        using at = files({
          ...exampleFiles(),
          'play.yml': playbook(example),
          'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
        })
        const options = { playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access: lab.access }
        const before = await labDigest(host.name)
        const check = await playOn({ ...options, mode: 'check' })
        expect(check.failed).toEqual([])
        expect(await labDigest(host.name)).toEqual(before)
        const run = await playOn({ ...options, mode: 'run' })
        expect(run.failed).toEqual([])
        expect(run.mispredicted).toEqual([])
        const isCertain = (name: string) => !check.perhaps.includes(name)
        expect(run.changed.filter(isCertain)).toEqual(check.changed.filter(isCertain))
        changed.push(...run.changed)
        const again = await playOn({ ...options, mode: 'run' })
        expect(again.failed).toEqual([])
        if (isModule) expect(again.changed).toEqual([])
      }
      if (isModule) expect(changed).not.toEqual([])
    },
  )
})
