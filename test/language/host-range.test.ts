import { describe, expect, test } from 'vitest'
import { expandRange } from '../../engine/language/host-range.ts'

describe('a range of hosts', () => {
  test.each<[string, string[] | undefined]>([
    ['web', ['web']],
    ['web[1:3]', ['web1', 'web2', 'web3']],
    ['web[01:03]', ['web01', 'web02', 'web03']],
    ['web[08:11]', ['web08', 'web09', 'web10', 'web11']],
    ['web[001:3]', ['web001', 'web002', 'web003']],
    ['web[:2]', ['web0', 'web1', 'web2']],
    ['web[0:0]', ['web0']],
    ['web[0:10:5]', ['web0', 'web5', 'web10']],
    ['web[01:10:4]', ['web01', 'web05', 'web09']],
    ['db-[a:c]', ['db-a', 'db-b', 'db-c']],
    ['db-[A:C:2]', ['db-A', 'db-C']],
    ['db-[a:a].example.com', ['db-a.example.com']],
    ['r[1:2]n[a:b]', ['r1na', 'r1nb', 'r2na', 'r2nb']],
    ['web[1-3]', undefined],
    ['web[3:1]', undefined],
    ['web[1:3:0]', undefined],
    ['web[1:3:1:1]', undefined],
    ['web[a:C]', undefined],
    ['web[a:10]', undefined],
    ['web[]', undefined],
    ['web[0:9999999]', undefined],
  ])('%s', (pattern, names) => {
    expect(expandRange(pattern)).toEqual(names)
  })
})
