import { expect, test } from 'vitest'
import { isTouched, Sightings } from '../../engine/execution/sightings.ts'
import { sh } from '../../engine/resource/command.ts'
import { ABSENT, type AnyRead, read } from '../../engine/resource/read.ts'
import fc from '../property.ts'

const name = fc.constantFrom('etc', 'passwd', 'group', 'systemd', 'system', 'a', 'b', 'a.service', 'usr', '.')
const path = fc.array(name, { maxLength: 5 }).map((names) => `/${names.join('/')}`)
const anyRead: fc.Arbitrary<AnyRead> = fc.oneof(
  path.map((one) => read.file(one)),
  path.map((one) => read.folder(one)),
  path.map((one) => read.tree(one)),
  fc.constantFrom<AnyRead>(
    read.unit('a.service'),
    read.account('a'),
    read.group('a'),
    read.package('a'),
    read.connection(),
    read.raw('a', sh`true`),
  ),
)

test('finds all that a change may have touched', () => {
  fc.assert(
    fc.property(fc.array(anyRead, { maxLength: 12 }), fc.array(anyRead, { maxLength: 3 }), (reads, changes) => {
      const sightings = new Sightings()
      for (const one of reads) sightings.set({ read: one, seen: { state: ABSENT }, neededUntil: 0 })
      const near = new Set(sightings.near(changes, []).map((kept) => kept.read.key))
      const touched = reads.filter((one) => changes.some((change) => isTouched(one, change)))
      expect(touched.filter(({ key }) => !near.has(key))).toEqual([])
    }),
  )
})

test('finds what is behind the name of a link, and nothing that was forgotten', () => {
  const sightings = new Sightings()
  const behind = { read: read.file('/srv/current/app.conf'), seen: { state: ABSENT }, neededUntil: 0 }
  sightings.set(behind)
  sightings.set({ ...behind, read: read.file('/srv/other/app.conf') })
  const near = () => sightings.near([read.file('/srv/v1/x')], ['current']).map((kept) => kept.read.key)
  expect(near()).toEqual(['file:/srv/current/app.conf'])
  sightings.delete(behind)
  expect(near()).toEqual([])
  expect(sightings.all()).toHaveLength(1)
})
