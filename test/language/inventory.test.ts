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
    hint: write {{upper nope}}",
    ]
  `)
})

describe('patterns', () => {
  const folder = folderWith({
    'hosts.yml':
      'web: { hosts: { "web[1:5]": } }\nparis: { hosts: { web2: , web4: , db1: } }\nall: { children: { site: { children: { web: } } } }\n',
    list: '# these\nweb3\n\nparis:&web\n',
    circle: '!web1\n',
  })
  const inventory = loadInventory([`${folder}/hosts.yml`])
  test.each([
    ['web:&paris', ['web2', 'web4']],
    ['web,&paris', ['web2', 'web4']],
    ['&paris:web', ['web2', 'web4']],
    ['web:!paris', ['web1', 'web3', 'web5']],
    ['!paris:web', ['web1', 'web3', 'web5']],
    ['web:paris:&web:!web2', ['web1', 'web3', 'web4', 'web5']],
    ['site', ['web1', 'web2', 'web3', 'web4', 'web5']],
    ['all', ['web1', 'web2', 'web3', 'web4', 'web5', 'db1']],
    ['*', ['web1', 'web2', 'web3', 'web4', 'web5', 'db1']],
    ['web?', ['web1', 'web2', 'web3', 'web4', 'web5']],
    ['web[13]', []],
    ['web*[0]', ['web1']],
    ['*[13]', []],
    ['web[!13]', ['web2', 'web4', 'web5']],
    ['~(web|db)1', ['web1', 'db1']],
    ['~^par', ['web2', 'web4', 'db1']],
    ['web[0]', ['web1']],
    ['web[-2]', ['web4']],
    ['web[1:2]', ['web2', 'web3']],
    ['web[3:]', ['web4', 'web5']],
    ['web[-2:]', ['web4', 'web5']],
    ['web[:1]', ['web1', 'web2']],
    ['web[9]', []],
    ['web[0:1]:!web1', ['web2']],
    [`@${folder}/list`, ['web2', 'web3', 'web4']],
    [`web:!@${folder}/list`, ['web1', 'web5']],
    ['localhost', ['localhost']],
    ['web1:localhost', ['web1', 'localhost']],
  ])('%s', (pattern, hosts) => {
    expect(inventory.select(pattern)).toEqual(hosts)
  })

  test.each([
    ['~(', "error[WRONG_VALUE]: '(' is no regular expression of RE2: error parsing regexp: missing closing ): `(`"],
    ['@none', 'error[FILE_MISSING]: the list of hosts none cannot be read'],
    ['web:&pariss', "error[UNKNOWN_HOST]: the inventory has no host or group 'pariss'\nhint: did you mean 'paris'?"],
  ])('that cannot be read is told: %s', (pattern, sentence) => {
    expect(complaintsOf(() => inventory.select(pattern), folder)).toEqual([sentence])
  })
})

describe('an inventory program', () => {
  const inventoryOf = (script: string) => {
    const folder = folderWith({ 'list.sh': `#!/bin/sh\n${script}\n` })
    return { folder, load: () => loadInventory([`${folder}/list.sh`]) }
  }

  test('is asked with --list, and may give groups as lists or with vars and children', () => {
    const json =
      '{"web": ["a"], "all": {"children": ["web", "db"]}, "db": {"hosts": ["b"], "vars": {"x": 1}, "children": ["old"]}, "old": {"hosts": ["c"]}}'
    const inventory = inventoryOf(`[ "$1" = --list ] && echo '${json}'`).load()
    expect([...inventory.hosts.keys()]).toEqual(['a', 'b', 'c'])
    expect(inventory.groups.get('db')).toEqual(['b', 'c'])
    expect(inventory.variables('c').x).toBe(1)
  })

  test.each([
    ['echo why >&2; exit 3', 'list.sh --list failed: why'],
    ["echo '[]'", 'an inventory program answers --list with a mapping of groups'],
  ])('that fails is told: %s', (script, sentence) => {
    const { folder, load } = inventoryOf(script)
    const [first = ''] = complaintsOf(load, folder)
    expect(first.split('\n')[0]).toBe(`error[INVENTORY_PROGRAM]: ${sentence}`)
  })
})

test('several inventories add up, the later one winning', () => {
  const folder = folderWith({
    'one.yml': 'web: { hosts: { a: { x: 1, y: 1 } }, vars: { z: 1 } }\n',
    'two.ini': '[web]\na x=2\nb\n[web:vars]\nz=2\n',
  })
  const inventory = loadInventory([`${folder}/one.yml`, `${folder}/two.ini`])
  expect({ ...inventory.variables('a') }).toEqual({ x: 2, y: 1, z: 2 })
  expect(inventory.groups.get('web')).toEqual(['a', 'b'])
})

test('localhost is reached without a connection, unless the inventory says otherwise', () => {
  const named = loadInventory(['a,'])
  expect({ ...named.variables('localhost') }).toEqual({ connection: 'local' })
  expect(named.groups.get('all')).toEqual(['a'])
  const folder = folderWith({ 'hosts.yml': 'all: { hosts: { localhost: { connection: ssh2 } } }\n' })
  expect({ ...loadInventory([`${folder}/hosts.yml`]).variables('localhost') }).toEqual({ connection: 'ssh2' })
})

test('variables of groups and hosts may be folders of files, in the order of their names', () => {
  const folder = folderWith({
    'hosts.yml': 'web: { hosts: { a: } }\n',
    'group_vars/web/10-first.yml': 'x: 1\ny: 1\n',
    'group_vars/web/20-second.yaml': 'y: 2\n',
    'group_vars/all.json': '{"z": 3}',
    'host_vars/a/only.yml': 'h: 4\n',
    'host_vars/a/notes.txt': 'no: variables\n',
  })
  expect({ ...loadInventory([`${folder}/hosts.yml`]).variables('a') }).toEqual({ z: 3, x: 1, y: 2, h: 4 })
})
