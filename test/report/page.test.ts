import { describe, expect, test } from 'vitest'
import { pageDataOf } from '../../engine/report/html/page-data-of.ts'
import { createFilter, type Filter } from '../../engine/report/page/filter.ts'
import { moved } from '../../engine/report/page/move.ts'
import { everything, sampleAudit } from './sample.ts'

describe('a key in the matrix', () => {
  const size = { rows: 10, columns: 5, page: 4 }
  test.each([
    { key: 'ArrowUp', from: [3, 2], to: [2, 2] },
    { key: 'ArrowUp', from: [0, 2], to: [0, 2] },
    { key: 'ArrowDown', from: [9, 2], to: [9, 2] },
    { key: 'ArrowLeft', from: [3, 0], to: [3, 0] },
    { key: 'ArrowRight', from: [3, 2], to: [3, 3] },
    { key: 'ArrowRight', from: [3, 4], to: [3, 4] },
    { key: 'PageDown', from: [3, 2], to: [7, 2] },
    { key: 'PageUp', from: [3, 2], to: [0, 2] },
    { key: 'Home', from: [3, 2], to: [3, 0] },
    { key: 'End', from: [3, 2], to: [3, 4] },
    { key: 'Home', ctrlKey: true, from: [3, 2], to: [0, 0] },
    { key: 'End', ctrlKey: true, from: [3, 2], to: [9, 4] },
    { key: 'x', from: [3, 2], to: undefined },
  ])('$key from $from leads to $to', ({ key, ctrlKey = false, from: [row = 0, column = 0], to }) => {
    const next = moved({ row, column }, { key, ctrlKey }, size)
    expect(next && [next.row, next.column]).toEqual(to)
  })
})

describe('a filter of the page', () => {
  const data = pageDataOf(sampleAudit(everything))
  const select = createFilter(data)
  const none: Filter = { text: '', host: '', task: '', kinds: new Set() }
  const names = (filter: Partial<Filter>) => {
    const { findings, rows, columns } = select({ ...none, ...filter })
    const hosts = rows.map((row) => data.hosts[row]?.name)
    return { findings: findings.length, hosts, tasks: columns.map((column) => data.tasks[column]?.name) }
  }

  test('that asks for nothing leaves all', () => {
    expect(names({})).toMatchObject({ findings: 10, hosts: ['web1', 'web2', 'web3', 'db1'] })
    expect(names({}).tasks).toHaveLength(7)
  })

  test.each<[Partial<Filter>, ReturnType<typeof names>]>([
    [{ text: ' PermitRootLogin NO ' }, { findings: 1, hosts: ['web1', 'web2'], tasks: ['sshd is hardened'] }],
    [
      { kinds: new Set(['f', 'u']) },
      { findings: 2, hosts: ['web3', 'db1'], tasks: ['connect', 'packets are forwarded'] },
    ],
    [
      { kinds: new Set(['o']), host: 'db' },
      { findings: 0, hosts: ['db1'], tasks: ['sshd is hardened'] },
    ],
    [
      { task: 'sysctl', host: 'web2' },
      { findings: 0, hosts: ['web2'], tasks: ['packets are forwarded'] },
    ],
    [{ text: 'there is no such text' }, { findings: 0, hosts: [], tasks: [] }],
  ])('%o selects %o', (filter, selection) => {
    expect(names(filter)).toEqual(selection)
  })
})
