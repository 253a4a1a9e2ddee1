import { describe, expect, test } from 'vitest'
import { runText } from './playbook-run.ts'

const HOSTS = 'web: { hosts: { b: { rank: 3 }, d: { rank: 1 }, a: { rank: 2 }, c: { rank: 3 } } }\n'

/** Hosts and tasks in the order in which they were done: `b1` is the first task on b. */
async function order(playbook: string): Promise<string> {
  const { lines } = await runText(playbook, { hosts: HOSTS })
  return lines
    .filter((line) => !line.endsWith(': skipped'))
    .map((line) => line.replace(/^(\w) (\w+).*/, '$1$2'))
    .join(' ')
}

const play = (roll: string) => `- hosts: web
${roll.replace(/^/gm, '  ')}
  tasks:
    - { name: "1", debug: x }
    - { name: "2", debug: x }
`

describe('serial on a play', () => {
  test.each([
    ['serial: 1', 'b1 b2 d1 d2 a1 a2 c1 c2'],
    ['serial: 3', 'b1 d1 a1 b2 d2 a2 c1 c2'],
    ['serial: 9', 'b1 d1 a1 c1 b2 d2 a2 c2'],
    ['serial: 50%', 'b1 d1 b2 d2 a1 c1 a2 c2'],
    ['serial: 1%', 'b1 b2 d1 d2 a1 a2 c1 c2'],
    ['serial: [1, 2]', 'b1 b2 d1 a1 d2 a2 c1 c2'],
    ['serial: [1, 25%, 100%]', 'b1 b2 d1 d2 a1 c1 a2 c2'],
  ])('%s', async (roll, expected) => {
    expect(await order(play(roll))).toBe(expected)
  })
})

describe('order on a play', () => {
  test.each([
    ['order: inventory', 'b1 d1 a1 c1'],
    ['order: reverse_inventory', 'c1 a1 d1 b1'],
    ['order: sorted', 'a1 b1 c1 d1'],
    ['order: reverse_sorted', 'd1 c1 b1 a1'],
    ['order: { by: rank }', 'd1 a1 b1 c1'],
    ['order: { by: -rank }', 'b1 c1 a1 d1'],
    ['order: { by: inventory_hostname == "d" }', 'b1 a1 c1 d1'],
    ['order: { by: "[rank, inventory_hostname == \'b\']" }', 'd1 a1 c1 b1'],
  ])('%s', async (roll, expected) => {
    expect((await order(play(roll))).slice(0, 11)).toBe(expected)
  })

  test('is by the variables of the play, whatever its first task calls by the same name', async () => {
    const playbook = `
- hosts: web
  vars: { place: !cel rank }
  order: { by: place }
  tasks: [{ name: "1", debug: "{{place}}", vars: { place: 0 } }]
`
    expect(await order(playbook)).toBe('d1 a1 b1 c1')
  })

  test('shuffle is the same for the same hosts, and another for another seed', async () => {
    const shuffled = async (roll: string) => (await order(play(roll))).slice(0, 11)
    const plain = await shuffled('order: shuffle')
    expect(await shuffled('order: shuffle')).toBe(plain)
    expect(plain.split(' ').toSorted()).toEqual(['a1', 'b1', 'c1', 'd1'])
    const seeds = await Promise.all([1, 2, 3, 4, 5, 'monday'].map((seed) => shuffled(`order: { shuffle: ${seed} }`)))
    expect(await shuffled('order: { shuffle: 1 }')).toBe(seeds[0])
    expect(new Set(seeds).size).toBeGreaterThan(1)
  })
})

describe('serial and order inside a play', () => {
  test('on a block, with its rescue and its always, batch by batch', async () => {
    const playbook = `
- hosts: web
  tasks:
    - serial: 2
      order: sorted
      block:
        - { name: "1", debug: x }
        - { name: "2", fail: no, when: inventory_hostname == "a" }
      rescue: [{ name: "3", debug: x }]
      always: [{ name: "4", debug: x }]
    - { name: "5", debug: x }
`
    expect(await order(playbook)).toBe('a1 b1 a2 a3 a4 b4 c1 d1 c4 d4 b5 d5 a5 c5')
  })

  test('on a block in a block', async () => {
    const playbook = `
- hosts: web
  tasks:
    - serial: 2
      block:
        - { name: "1", debug: x }
        - serial: 1
          order: reverse_inventory
          block: [{ name: "2", debug: x }, { name: "3", debug: x }]
`
    expect(await order(playbook)).toBe('b1 d1 d2 d3 b2 b3 a1 c1 c2 c3 a2 a3')
  })

  test('on a task', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: "1", debug: x, serial: 1, order: { by: rank } }
    - { name: "2", debug: x }
`
    expect(await order(playbook)).toBe('d1 a1 b1 c1 b2 d2 a2 c2')
  })

  test('on an include, which is then a block', async () => {
    const playbook = '- hosts: web\n  tasks:\n    - { include: two.yml, serial: 1, order: sorted }\n'
    const { lines } = await runText(playbook, {
      hosts: HOSTS,
      files: { 'two.yml': '- { name: "1", debug: x }\n- { name: "2", debug: x }\n' },
    })
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['a 1', 'a 2', 'b 1', 'b 2', 'c 1', 'c 2', 'd 1', 'd 2'])
  })

  test('on a role in the list of a play', async () => {
    const playbook = '- hosts: web\n  roles: [{ role: r, serial: 2, order: sorted }]\n'
    const files = { 'roles/r/tasks/main.yml': '- { name: "1", debug: x }\n- { name: "2", debug: x }\n' }
    const { lines } = await runText(playbook, { hosts: HOSTS, files })
    expect(lines.map((line) => line.slice(0, 3))).toEqual(['a 1', 'b 1', 'a 2', 'b 2', 'c 1', 'd 1', 'c 2', 'd 2'])
  })

  test('on a handler', async () => {
    const playbook = `
- hosts: web
  tasks: [{ name: "1", shell: ":", notify: restart }]
  handlers:
    - { name: restart, serial: 1, order: reverse_sorted, shell: ":" }
`
    expect((await order(playbook)).split(' ').slice(4).join(' ')).toBe('drestart crestart brestart arestart')
  })

  test('by what was registered, asked again before every host when the order is dynamic', async () => {
    const roll = (dynamic: boolean) => `
- hosts: web
  tasks:
    - serial: 1
      order: { by: "default(hostvars.a.seen.rc, 0) == 0 ? rank : -rank", dynamic: ${dynamic} }
      block:
        - { name: "1", shell: "exit 3", register: seen, failed_when: false }
`
    expect(await order(roll(false))).toBe('d1 a1 b1 c1')
    // a is the second; after it, the others are asked again and come from the other end, which is the same order for equal ranks.
    expect(await order(roll(true))).toBe('d1 a1 b1 c1')
  })

  test('a leader that moves is last each time it is asked', async () => {
    const playbook = `
- hosts: web
  tasks:
    - serial: 1
      order: { by: "inventory_hostname == default(hostvars.d.leader.stdout, 'd')", dynamic: true }
      block:
        - { name: "1", shell: "echo c", register: leader }
`
    expect(await order(playbook)).toBe('b1 a1 c1 d1')
  })

  test('a host for which the order cannot be worked out fails, and the others pass', async () => {
    const playbook = `
- hosts: web
  tasks:
    - { name: ask, shell: "echo 1", register: r, when: inventory_hostname != "a" }
    - { name: "2", debug: x, serial: 4, order: { by: r.stdout } }
`
    const { lines } = await runText(playbook, { hosts: HOSTS })
    expect(lines.slice(4)).toEqual(['a 2: failed', 'b 2: ok', 'd 2: ok', 'c 2: ok'])
  })
})

describe('an order that asks', () => {
  // The leader is in a file, and the restart of a leader makes the next one.
  const playbook = (ask: string) => `
- hosts: web
  tasks:
    - { name: lead, shell: "cat {{at}}/leader 2>/dev/null || echo b", changed_when: false, register: lead }
    - serial: 1
      order: { by: lead.stdout.trim() == inventory_hostname${ask} }
      block:
        - { name: "1", shell: "echo {{next}} > {{at}}/leader", when: inventory_hostname == moves }
        - { name: "2", debug: x }
`
  const extraVars = { moves: 'd', next: 'a' }
  const walk = async (ask: string) => {
    const { lines } = await runText(playbook(ask), { hosts: HOSTS, options: { extraVars } })
    return lines.flatMap((line) => /^(\w) 2: ok/.exec(line)?.[1] ?? []).join(' ')
  }

  test('is told anew before each batch by the hosts left', async () => {
    expect(await walk('')).toBe('d a c b')
    expect(await walk(', ask: lead')).toBe('d b c a')
  })

  test('stops the roll when the asking fails', async () => {
    const text = playbook(', ask: lead')
      .replace('echo {{next}} >', 'rm -rf {{at}}/leader; mkdir')
      .replace('|| echo b', '|| { [ ! -d {{at}}/leader ] && echo b; }')
    const stopping = text.replace('serial: 1', 'serial: 1\n      max_failures: 0')
    const { lines } = await runText(stopping, { hosts: HOSTS, options: { extraVars } })
    expect(lines.filter((line) => / 2: /.test(line))).toEqual(['d 2: ok'])
    expect(lines.filter((line) => / lead: failed/.test(line))).toHaveLength(3)
  })
})
