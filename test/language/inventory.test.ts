import { describe, expect, test } from 'vitest'
import { loadInventory } from '../../engine/language/inventory.ts'
import { complaintsOf, folderWith } from './folder.ts'

const yaml = `all:
  vars:
    region: eu
    where: all
  hosts:
    lone:
  children:
    web:
      hosts:
        web[01:03]:
          address: "10.0.0.{{ tens }}"
          tens: 7
      vars: { where: web, colour: red }
    db:
      hosts:
        db-[a:b]:
        web02:
          where: host
      children:
        replicas:
          hosts: { db-b: }
          vars: { where: replicas }
      vars: { where: db }
`

const ini = `; hosts
lone
[web]
web[01:03] address="10.0.0.{{ tens }}" tens=7   # three
[web:vars]
where=web
colour = red
[db]
db-[a:b]
web02 where=host
[replicas]
db-b
[db:children]
replicas
[replicas:vars]
where=replicas
[db:vars]
where=db
[all:vars]
region=eu
where='all'
`

describe.each([
  { form: 'YAML', name: 'hosts.yml', text: yaml },
  { form: 'INI', name: 'hosts', text: ini },
])('an inventory in $form', ({ name, text }) => {
  const inventory = loadInventory([`${folderWith({ [name]: text })}/${name}`])

  test('has its hosts in the order in which they are written', () => {
    expect([...inventory.hosts.keys()]).toEqual(['lone', 'web01', 'web02', 'web03', 'db-a', 'db-b'])
    expect(inventory.groups.get('db')).toEqual(['web02', 'db-a', 'db-b'])
    expect(inventory.groups.get('replicas')).toEqual(['db-b'])
  })

  test.each([
    { host: 'lone', where: 'all' },
    { host: 'web01', where: 'web' },
    { host: 'web02', where: 'host' },
    { host: 'db-a', where: 'db' },
    { host: 'db-b', where: 'replicas' },
  ])('lets the child group win over its parent, and the host over both, on $host', ({ host, where }) => {
    expect(inventory.variables(host).where).toBe(where)
    expect(inventory.variables(host).region).toBe('eu')
  })

  test('works variables out when they are read', () => {
    expect(inventory.variables('web03')).toMatchObject({ address: '10.0.0.7', colour: 'red' })
  })

  test.each([
    ['all', ['lone', 'web01', 'web02', 'web03', 'db-a', 'db-b']],
    ['web', ['web01', 'web02', 'web03']],
    ['web:db', ['web01', 'web02', 'web03', 'db-a', 'db-b']],
    ['web,lone', ['lone', 'web01', 'web02', 'web03']],
    ['web:&db', ['web02']],
    ['web:!web02', ['web01', 'web03']],
    ['!web', ['lone', 'db-a', 'db-b']],
    ['&db', ['web02', 'db-a', 'db-b']],
    ['web0*:!*3', ['web01', 'web02']],
    ['~^db-[ab]$', ['db-a', 'db-b']],
    ['web[0]', ['web01']],
    ['web[-1]', ['web03']],
    ['web[1:]', ['web02', 'web03']],
    ['web[0:1]', ['web01', 'web02']],
    ['rep*', ['db-b']],
    ['localhost', ['localhost']],
    ['nothing*', []],
  ])('chooses by the pattern %s', (pattern, hosts) => {
    expect(inventory.select(pattern)).toEqual(hosts)
  })

  test('suggests a name for one that is not there', () => {
    expect(complaintsOf(() => inventory.select('wbe01'), '')).toEqual([
      "error[UNKNOWN_HOST]: the inventory has no host or group 'wbe01'\nhint: did you mean 'web01'?",
    ])
  })
})

test('group_vars and host_vars lie over the inventory, those of the playbook over both', () => {
  const folder = folderWith({
    'inv/hosts.yml': 'web: { hosts: { a: { x: inline }, b: } }\n',
    'inv/group_vars/all.yml': 'x: all\ny: all\n',
    'inv/group_vars/web/1.yml': 'y: web\nz: one\n',
    'inv/group_vars/web/2.yml': 'z: two\n',
    'inv/host_vars/b.yml': 'x: b\n',
    'inv/group_vars/other.yml': 'w: other\n',
    'play/group_vars/web.yml': 'z: playbook\n',
  })
  const inventory = loadInventory([`${folder}/inv/hosts.yml`]).withVarsOf(`${folder}/play`, [])
  expect({ ...inventory.variables('a') }).toEqual({ x: 'inline', y: 'web', z: 'playbook' })
  expect({ ...inventory.variables('b') }).toEqual({ x: 'b', y: 'web', z: 'playbook' })
})

test('an inventory can be a program, a folder, or names', () => {
  const folder = folderWith({
    'dir/1.yml': 'web: { hosts: { a: } }\n',
    'dir/2.ini': '[db]\nb\n',
    'dir/group_vars/db.yml': 'x: 1\n',
    'list.sh':
      '#!/bin/sh\necho \'{"web": {"hosts": ["c"], "vars": {"x": 2}}, "_meta": {"hostvars": {"c": {"y": 3}}}}\'\n',
  })
  const inventory = loadInventory([`${folder}/dir`, `${folder}/list.sh`, 'd,e[1:2],'], { extraVars: { z: 4 } })
  expect([...inventory.hosts.keys()]).toEqual(['a', 'b', 'c', 'd', 'e1', 'e2'])
  expect({ ...inventory.variables('c') }).toEqual({ x: 2, y: 3, z: 4 })
})

test('everything that is wrong with an inventory is said at once', () => {
  const folder = folderWith({
    'hosts.yml': `web:
  hosts:
    web[1-3]:
    a: { ansible_host: 10.0.0.1, my-var: 1, groups: 2 }
  host:
    b:
  vars:
    url: "{{ nope | upper }}"
`,
    'hosts.ini': '[web]\na b\n[web:var]\nc\n',
  })
  expect(
    complaintsOf(() => loadInventory([`${folder}/hosts.yml`, `${folder}/hosts.ini`, `${folder}/none`]), folder),
  ).toMatchInlineSnapshot(`
    [
      "error[INVENTORY_MISSING]: there is no inventory none
    hint: a path is relative to the folder that you are in; hosts by name end with a comma, as in -i none,",
      "error[INVENTORY_SYNTAX]: 'b' is no name=value
      --> hosts.ini:2:3
    2 | a b
      |   ^
    hint: one host stands on each line, its variables behind it",
      "error[INVENTORY_SYNTAX]: 'var' is no kind of section
      --> hosts.ini:3:1
    3 | [web:var]
      | ^^^^^^^^^
    hint: sections are [group], [group:vars] and [group:children]",
      "error[HOST_RANGE]: 'web[1-3]' is no range of hosts
      --> hosts.yml:3:5
    3 |     web[1-3]:
      |     ^^^^^^^^
    hint: a range is [first:last] or [first:last:step], as in web[01:10]",
      "error[ANSIBLE_NAME]: 'ansible_host' is Ansible's name
      --> hosts.yml:4:10
    4 |     a: { ansible_host: 10.0.0.1, my-var: 1, groups: 2 }
      |          ^^^^^^^^^^^^
    hint: write 'address'",
      "error[VARIABLE_NAME]: 'my-var' is no name of a variable
      --> hosts.yml:4:34
    4 |     a: { ansible_host: 10.0.0.1, my-var: 1, groups: 2 }
      |                                  ^^^^^^
    hint: a name is made of letters, digits and underscores, and begins with no digit",
      "error[RESERVED_NAME]: 'groups' has a meaning of its own and cannot be a variable
      --> hosts.yml:4:45
    4 |     a: { ansible_host: 10.0.0.1, my-var: 1, groups: 2 }
      |                                             ^^^^^^",
      "error[UNKNOWN_KEYWORD]: a group has no 'host'
      --> hosts.yml:5:3
    5 |   host:
      |   ^^^^
    hint: did you mean 'hosts'?",
      "error[TEMPLATE_SYNTAX]: the template cannot be read here
      --> hosts.yml:8:19
    8 |     url: "{{ nope | upper }}"
      |                   ^
    hint: a filter is a helper here: {{upper name}}, {{default name "x"}}",
    ]
  `)
})
