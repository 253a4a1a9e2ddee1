import { beforeAll, describe, expect, test } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import type { LabHost } from '../../lab/wanted.ts'
import { actions, modules } from '../../modules/index.ts'
import { exampleFiles } from '../modules/examples.ts'
import { startLoneServer } from './consul-agent.ts'
import { files, freshHosts, inventoryText, playOn } from './play.ts'

/** Two hosts, each with half of the examples, and one that is a server of Consul for what works on such a one; at the same time. */
const hosts: readonly (LabHost & { runsConsul?: true })[] = [
  { name: 'modules1', address: '10.91.0.1' },
  { name: 'modules2', address: '10.91.0.2' },
  { name: 'modules3', address: '10.91.0.3', suite: 'bullseye', packages: ['consul'], runsConsul: true },
]
const lab = freshHosts(hosts)
beforeAll(async () => {
  await Promise.all(hosts.filter(({ runsConsul }) => runsConsul).map(({ name }) => startLoneServer(name)))
})

/** An example as the tasks of a play. */
function playbook(example: string): string {
  return `- hosts: all\n  become: true\n  tasks:\n${example.trim().replace(/^/gm, '    ')}\n`
}

const all = [...modules, ...actions].map(({ name, examples }) => ({
  name,
  examples,
  isModule: modules.some((module) => module.name === name),
  isOfConsul: name.startsWith('consul-'),
}))

describe.concurrent.each(hosts)('on $name', (host) => {
  const own = all.filter(({ isOfConsul }) => isOfConsul === (host.runsConsul === true))
  const plain = hosts.filter(({ runsConsul }) => !runsConsul)
  const share = host.runsConsul ? own : own.filter((_, index) => plain[index % plain.length] === host)
  test.sequential.each(share)(
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
