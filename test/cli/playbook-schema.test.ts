import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { playbookSchema } from '../../engine/cli/playbook-schema.ts'
import { keywords } from '../../engine/language/keywords.ts'
import { sysctl } from '../../modules/sysctl.ts'

const schema = playbookSchema([sysctl], [])
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema)

describe('the schema of playbooks', () => {
  test.each([
    ['an empty playbook', []],
    ['a play', [{ hosts: 'all', tasks: [{ sysctl: { name: 'vm.swappiness', value: 10 } }] }]],
    ['templates for any value', [{ hosts: 'all', tasks: [{ sysctl: { name: '{{ name }}', value: '{{ value }}' } }] }]],
    ['blocks', [{ hosts: ['a', 'b'], tasks: [{ block: [{ meta: 'end_host' }], when: 'x > 1', rescue: [] }] }]],
    ['rolls', [{ hosts: 'all', serial: [1, '50%'], order: { by: 'leader' }, max_failures: 0 }]],
    ['handlers', [{ hosts: 'all', handlers: [{ name: 'x', listen: 'y', sysctl: { name: 'a.b', value: 1 } }] }]],
  ])('takes %s', (_title, playbook) => {
    validate(playbook)
    expect(validate.errors).toBeNull()
  })

  test.each([
    ['a misspelt keyword', [{ hosts: 'all', taks: [] }]],
    ['an unknown argument', [{ hosts: 'all', tasks: [{ sysctl: { name: 'a.b', vaule: 1 } }] }]],
    ['a missing argument', [{ hosts: 'all', tasks: [{ sysctl: { name: 'a.b' } }] }]],
    ['a value of the wrong type', [{ hosts: 'all', tasks: [{ sysctl: { name: 'a.b', value: [1] } }] }]],
    ['a keyword of plays in a task', [{ hosts: 'all', tasks: [{ hosts: 'x' }] }]],
  ])('refuses %s', (_title, playbook) => expect(validate(playbook)).toBe(false))

  test('has the keywords of the language, no more and no fewer', () => {
    const { play, task } = schema.definitions as Record<string, { properties: object }>
    expect(Object.keys(play?.properties ?? {}).sort()).toEqual([...keywords.play].sort())
    const both = new Set([...keywords.task, ...keywords.block, 'sysctl'])
    expect(Object.keys(task?.properties ?? {}).sort()).toEqual([...both].sort())
  })
})
