import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultInventory } from '../../engine/cli/default-inventory.ts'

describe('the inventory of a playbook that is run without one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'default-inventory-'))

  beforeAll(() => {
    mkdirSync(join(folder, 'inventories'))
    mkdirSync(join(folder, 'playbooks'))
    writeFileSync(join(folder, 'inventories', 'mattermost-lab.yml'), '')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(['playbooks/mattermost-tunnels.yml', 'playbooks/mattermost.yml', 'mattermost-x.yml'])('%s', (playbook) => {
    expect(defaultInventory(join(folder, playbook))).toBe(join(folder, 'inventories', 'mattermost-lab.yml'))
  })

  test('is the one that is called after most words of its name', () => {
    writeFileSync(join(folder, 'inventories', 'rotate-lab.yml'), '')
    writeFileSync(join(folder, 'inventories', 'rotate-ssh-lab.yml'), '')
    const of = (name: string) => defaultInventory(join(folder, 'playbooks', name))
    expect(of('rotate-ssh-keys.yml')).toBe(join(folder, 'inventories', 'rotate-ssh-lab.yml'))
    expect(of('rotate-tls.yml')).toBe(join(folder, 'inventories', 'rotate-lab.yml'))
  })

  test('of what rotates something is that of the thing, unless it has its own', () => {
    writeFileSync(join(folder, 'inventories', 'consul-lab.yml'), '')
    const of = (name: string) => defaultInventory(join(folder, 'playbooks', name))
    rmSync(join(folder, 'inventories', 'rotate-lab.yml'), { force: true })
    expect(of('rotate-consul-tls.yml')).toBe(join(folder, 'inventories', 'consul-lab.yml'))
    writeFileSync(join(folder, 'inventories', 'rotate-consul-lab.yml'), '')
    expect(of('rotate-consul-tls.yml')).toBe(join(folder, 'inventories', 'rotate-consul-lab.yml'))
    expect(() => of('restart-consul.yml')).toThrow('no inventory was given')
  })

  test('is asked for when there is none of its name', () => {
    expect(() => defaultInventory(join(folder, 'playbooks', 'site.yml'))).toThrow('no inventory was given')
  })
})
