import { expect, test } from 'vitest'
import { LayeredMap } from '../../engine/execution/layered-map.ts'
import fc from '../property.ts'

test('is at all times what a copied map is, in every fork', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
  const deed = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), key, value: fc.integer(), at: fc.nat() }),
    fc.record({ kind: fc.constant('delete' as const), key, at: fc.nat() }),
    fc.record({ kind: fc.constant('fork' as const), at: fc.nat() }),
  )
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
      const all = [{ layered: new LayeredMap<number>(), copied: new Map<string, number>() }]
      for (const one of deeds) {
        const chosen = all[one.at % all.length]
        if (!chosen) throw new Error('there is always one')
        const { layered, copied } = chosen
        if (one.kind === 'fork') all.push({ layered: layered.fork(), copied: new Map(copied) })
        else if (one.kind === 'set') {
          layered.set(one.key, one.value)
          copied.set(one.key, one.value)
        } else {
          layered.delete(one.key)
          copied.delete(one.key)
        }
      }
      for (const { layered, copied } of all) {
        for (const name of 'abcdef') {
          expect(layered.get(name)).toBe(copied.get(name))
          expect(layered.has(name)).toBe(copied.has(name))
        }
        expect(layered.values().sort()).toEqual([...copied.values()].sort())
      }
    }),
  )
})

test('of five thousand forks, each with an entry more, each has its own', () => {
  const forks = [new LayeredMap<number>()]
  for (let at = 0; at < 5000; at++) {
    const fork = (forks.at(-1) as LayeredMap<number>).fork()
    fork.set(`key ${at}`, at)
    forks.push(fork)
  }
  expect(forks.filter((fork, at) => fork.has(`key ${at}`))).toEqual([])
  expect(forks.filter((fork, at) => at > 0 && fork.get(`key ${at - 1}`) !== at - 1)).toEqual([])
  expect(forks.at(-1)?.values()).toHaveLength(5000)
})
