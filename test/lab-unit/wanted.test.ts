import { describe, expect, test } from 'vitest'
import { Problem } from '../../engine/problem.ts'
import { checkedHosts, type LabHost } from '../../lab/wanted.ts'

describe('hosts asked of the lab', () => {
  test('may be none', () => {
    expect(checkedHosts([], [])).toEqual([])
  })

  test('get what they do not say', () => {
    expect(checkedHosts([{ name: 'a', address: '10.0.0.1' }], [])).toEqual([
      { name: 'a', address: '10.0.0.1', prefix: 24, suite: 'bookworm', packages: [] },
    ])
  })

  test('have their packages sorted, each once, so that equal wishes are equal images', () => {
    const [host] = checkedHosts([{ name: 'a', address: '10.0.0.1', packages: ['serf', 'nginx', 'serf'] }], [])
    expect(host?.packages).toEqual(['nginx', 'serf'])
  })

  test('may take over the address of a host that gets another in the same go', () => {
    const present = [{ name: 'a', address: '10.0.0.1' }]
    const swapped = [
      { name: 'a', address: '10.0.0.2' },
      { name: 'b', address: '10.0.0.1' },
    ]
    expect(checkedHosts(swapped, present)).toHaveLength(2)
  })

  test.each<{ title: string; hosts: LabHost[]; text: string }>([
    {
      title: 'a name with a slash',
      hosts: [{ name: '../a', address: '10.0.0.1' }],
      text: 'error[LAB_HOST]: "../a" cannot be the name of a machine',
    },
    {
      title: 'no address',
      hosts: [{ name: 'a', address: '' }],
      text: 'error[LAB_HOST]: the lab host a has the address ""\nhint: give it an IPv4 address',
    },
    {
      title: "the machine's own address",
      hosts: [{ name: 'a', address: '127.0.0.1' }],
      text: 'error[LAB_HOST]: the lab host a has the address "127.0.0.1"\nhint: give it an IPv4 address',
    },
    {
      title: 'a prefix of zero',
      hosts: [{ name: 'a', address: '10.0.0.1', prefix: 0 }],
      text: 'error[LAB_HOST]: the lab host a has the prefix 0\nhint: a number from 8 to 30',
    },
    {
      title: 'a suite spelled wrong',
      hosts: [{ name: 'a', address: '10.0.0.1', suite: 'bookwurm' as 'bookworm' }],
      text: "error[LAB_HOST]: the lab has no image of 'bookwurm' for a\nhint: did you mean 'bookworm'?",
    },
    {
      title: 'a package that is an option',
      hosts: [{ name: 'a', address: '10.0.0.1', packages: ['--purge'] }],
      text: 'error[LAB_HOST]: "--purge", asked for a, cannot be a Debian package',
    },
    {
      title: 'one name twice',
      hosts: [
        { name: 'a', address: '10.0.0.1' },
        { name: 'a', address: '10.0.0.2' },
      ],
      text: 'error[LAB_HOST]: the lab is asked for a twice',
    },
    {
      title: 'the address of a host that stays',
      hosts: [{ name: 'a', address: '10.0.0.9' }],
      text: 'error[LAB_HOST]: a and old both have the address 10.0.0.9\nhint: take the other one down or change one',
    },
  ])('are refused for $title', ({ hosts, text }) => {
    const present = [{ name: 'old', address: '10.0.0.9' }]
    expect(problemOf(() => checkedHosts(hosts, present)).toString()).toBe(text)
  })
})

function problemOf(work: () => unknown): Problem {
  try {
    work()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('no problem')
}
