import { mkdirSync, rmSync } from 'node:fs'
import { mustRun } from '../../lab/command.ts'
import { labKill, labPowerOn } from '../../lab/faults.ts'
import { placeOf } from '../../lab/place.ts'

/** What hosts have on their disks, to be given back to them as often as somebody likes; `lab down` takes it away with them. */
export interface SavedDisks {
  /** Boots the hosts with it, whatever has become of them. */
  boot(): Promise<void>
  [Symbol.dispose](): void
}

/** Switches the hosts off, and keeps what their disks hold. */
export async function saveDisks(names: readonly string[]): Promise<SavedDisks> {
  const places = names.map((name) => ({ name, ...placeOf(name) }))
  const kept = ({ directory }: { directory: string }) => `${directory}/kept`
  await Promise.all(
    places.map(async (place) => {
      await labKill(place.name)
      await copyLayer(place.upper, kept(place))
    }),
  )
  return {
    async boot() {
      await Promise.all(
        places.map(async (place) => {
          await labKill(place.name)
          await copyLayer(kept(place), place.upper)
          rmSync(place.work, { recursive: true, force: true })
          mkdirSync(place.work, { mode: 0o755 })
          await labPowerOn(place.name)
        }),
      )
    },
    [Symbol.dispose]: () => places.forEach((place) => void rmSync(kept(place), { recursive: true, force: true })),
  }
}

/** With the attributes by which an overlay knows what it hides. */
async function copyLayer(from: string, to: string): Promise<void> {
  rmSync(to, { recursive: true, force: true })
  await mustRun(['cp', '-a', '--', from, to])
}
