import { beforeAll, describe, expect, test } from 'vitest'
import { labDigest } from '../../lab/digest.ts'
import type { LabAccess } from '../../lab/lab.ts'
import { labReset } from '../../lab/lab.ts'
import { actions, modules } from '../../modules/index.ts'
import { exampleFiles } from '../modules/examples.ts'
import { bringUp, files, inventoryText, playOn } from './play.ts'

const host = { name: 'modules1', address: '10.91.0.1' }
let access: LabAccess

beforeAll(async () => {
  access = await bringUp([host])
  await labReset([host.name], () => {})
})

/** An example as the tasks of a play. */
function playbook(example: string): string {
  return `- hosts: all\n  become: true\n  tasks:\n${example.trim().replace(/^/gm, '    ')}\n`
}

describe.each([...modules, ...actions].map((one) => ({ name: one.name, examples: one.examples })))(
  'the examples of $name',
  ({ name, examples }) => {
    test.each(examples.map((example, index) => ({ index, example })))(
      'hold on a real host: check, run, run ($index)',
      async ({ example }) => {
        using at = files({
          ...exampleFiles(),
          'play.yml': playbook(example),
          'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
        })
        const options = { playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access }
        const isModule = modules.some((module) => module.name === name)
        const before = await labDigest(host.name)
        const check = await playOn({ ...options, mode: 'check' })
        expect(check.failed).toEqual([])
        expect(await labDigest(host.name)).toEqual(before)
        const run = await playOn({ ...options, mode: 'run' })
        expect(run.failed).toEqual([])
        expect(run.changed).toEqual(check.changed)
        if (isModule) expect(run.changed).not.toEqual([])
        const again = await playOn({ ...options, mode: 'run' })
        expect(again.failed).toEqual([])
        if (isModule) expect(again.changed).toEqual([])
      },
    )
  },
)
