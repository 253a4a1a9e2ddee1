import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { showInventory } from '../../engine/cli/inventory-text.ts'
import { loadInventory } from '../../engine/language/inventory.ts'

describe('an inventory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inventory-'))
  const file = join(folder, 'hosts.ini')
  writeFileSync(
    file,
    ['lone', '[web]', 'web1 address=10.0.0.1', 'web2', '[site:children]', 'web', '[web:vars]', 'color=red'].join('\n'),
  )
  const inventory = loadInventory([file])
  afterAll(() => rmSync(folder, { recursive: true }))

  test('is a tree of groups', () => {
    expect(showInventory(inventory, { format: 'text' })).toBe(
      '@all\n  @site\n    @web\n      web1\n      web2\n  @ungrouped\n    lone\n',
    )
  })

  test('is a tree of what --limit leaves', () => {
    expect(showInventory(inventory, { format: 'text', limit: ['web2'] })).toBe('@all\n  @site\n    @web\n      web2\n')
  })

  test('shows the variables of a host', () => {
    expect(JSON.parse(showInventory(inventory, { format: 'json', host: 'web1' }))).toEqual({
      address: '10.0.0.1',
      color: 'red',
    })
  })

  test('lists hosts with groups and variables', () => {
    expect(showInventory(inventory, { format: 'yaml', list: true, limit: ['web2'] })).toBe(
      'web2:\n  groups:\n    - all\n    - site\n    - web\n  vars:\n    color: red\n',
    )
  })

  test.each([
    [{ format: 'text', host: 'web1' }, 'address: 10.0.0.1\ncolor: red\n'],
    [{ format: 'yaml', host: 'web1' }, 'address: 10.0.0.1\ncolor: red\n'],
    [
      { format: 'text', list: true, limit: ['web2', 'lone'] },
      'lone (all, ungrouped)\nweb2 (all, site, web)\n  color: red\n',
    ],
    [
      { format: 'json', list: true, limit: ['lone'] },
      '{\n  "lone": {\n    "groups": [\n      "all",\n      "ungrouped"\n    ],\n    "vars": {}\n  }\n}\n',
    ],
    [
      { format: 'yaml' },
      'all:\n  children:\n    site:\n      children:\n        web:\n          hosts:\n            - web1\n            - web2\n    ungrouped:\n      hosts:\n        - lone\n',
    ],
    [{ format: 'yaml', limit: ['lone'] }, 'all:\n  children:\n    ungrouped:\n      hosts:\n        - lone\n'],
    [
      { format: 'json', limit: ['lone'] },
      '{\n  "all": {\n    "children": {\n      "ungrouped": {\n        "hosts": [\n          "lone"\n        ]\n      }\n    }\n  }\n}\n',
    ],
  ] as const)('is written as %j', (view, text) => {
    const { limit, ...rest } = view as { limit?: readonly string[]; format: 'text' }
    expect(showInventory(inventory, { ...rest, ...(limit ? { limit: [...limit] } : {}) })).toBe(text)
  })

  test('knows no host of another name', () => {
    expect(() => showInventory(inventory, { format: 'yaml', host: 'web' })).toThrow("the inventory has no host 'web'")
  })
})
