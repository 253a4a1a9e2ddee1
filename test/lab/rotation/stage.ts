import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { Mode } from '../../../engine/report/event.ts'
import { type LabAccess, labReset } from '../../../lab/lab.ts'
import { type Controller, controllers } from '../controller.ts'
import { leftOn, type Subject } from '../disturbance.ts'
import { bringUp, files, inventoryText, type Outcome, out, playOn } from '../play.ts'
import { type SavedDisks, saveDisks } from '../saved-disks.ts'
import type { Rotation } from './rotation.ts'

export const HOSTS = [
  { name: 'lockout1', address: '10.98.40.1' },
  { name: 'lockout2', address: '10.98.40.2' },
] as const
const NAMES = HOSTS.map(({ name }) => name)

/** Two hosts and the folder of a controller, on which a rotation is played. */
export interface Stage {
  readonly rotation: Rotation
  readonly access: LabAccess
  /** A file in the controller's folder. */
  path(name: string): string
  /** What is run and may be disturbed, with these variables beside the rotation's own. */
  subject(more?: object): Subject
  play(mode: Mode, more?: object): Promise<Outcome>
  [Symbol.dispose](): void
}

/** Where stages are made, one at a time. */
export interface Theatre {
  /** Hosts and folder where the rotation begins. */
  stage(rotation: Rotation): Promise<Stage>
  /** Hosts and folder after it has gone through. */
  endOf(rotation: Rotation): Promise<Stage>
  /** Takes a stage on which its rotation has gone through for its end, if others begin with that. */
  keepEnd(stage: Stage): Promise<void>
  [Symbol.dispose](): void
}

/** Boots the hosts and builds the program. `beginnings` are rotations with whose end others begin. */
export async function openTheatre(beginnings: readonly (Rotation | undefined)[]): Promise<Theatre> {
  const access = await bringUp(HOSTS)
  const at = files({})
  const as = controllers(at, access)
  const ends = new Map<Rotation, { disks: SavedDisks; folder: string }>()

  const keepEnd = async (stage: Stage) => {
    if (ends.has(stage.rotation) || !beginnings.includes(stage.rotation)) return
    const folder = at.path(`end-${ends.size}`)
    copyFolder(stage.path('.'), folder)
    ends.set(stage.rotation, { disks: await saveDisks(NAMES), folder })
  }

  const stageOf = async (rotation: Rotation): Promise<Stage> => {
    const stage = await (rotation.after ? endOf(rotation.after, rotation) : freshStage(rotation))
    await rotation.prepare?.(stage)
    return stage
  }

  const freshStage = async (rotation: Rotation) => {
    await labReset(NAMES, () => {})
    return emptyStage(rotation, access, as)
  }

  /** Of the one rotation, for the other; made by the first that asks for it, unless it has been kept. */
  const endOf = async (end: Rotation, rotation = end): Promise<Stage> => {
    if (!ends.has(end)) {
      using stage = await stageOf(end)
      expect((await stage.play('run')).failed).toEqual([])
      await keepEnd(stage)
    }
    const kept = ends.get(end)
    if (!kept) throw new Error(`nothing begins where it is over that ${end.what}`)
    const stage = emptyStage(rotation, access, as)
    copyFolder(kept.folder, stage.path('.'))
    await kept.disks.boot()
    return stage
  }

  return {
    stage: stageOf,
    endOf,
    keepEnd,
    [Symbol.dispose]() {
      for (const { disks } of ends.values()) disks[Symbol.dispose]()
      at[Symbol.dispose]()
    },
  }
}

function copyFolder(from: string, to: string): void {
  execFileSync('cp', ['-aT', '--', from, to])
}

function emptyStage(rotation: Rotation, access: LabAccess, as: Controller): Stage {
  const at = files({})
  const subject = (more: object = {}): Subject => {
    const text = JSON.parse(inventoryText(Object.fromEntries(HOSTS.map(({ name, address }) => [name, { address }]))))
    Object.assign(text.all.vars, { connect_timeout: 5, ...rotation.vars(stage), ...more })
    writeFileSync(at.path('inventory.yml'), JSON.stringify(text))
    return { playbook: rotation.playbook, inventory: at.path('inventory.yml'), nodes: HOSTS, access, as }
  }
  const stage: Stage = {
    rotation,
    access,
    path: at.path,
    subject,
    play: (mode, more) => playOn({ mode, ...subject(more), lockTimeoutMs: 120_000 }),
    [Symbol.dispose]: at[Symbol.dispose],
  }
  return stage
}

/** What a rotation that is over has left behind, on the hosts and on the controller. */
export async function leftBehind(stage: Stage): Promise<string[]> {
  const names = readdirSync(stage.path('.'), { recursive: true, encoding: 'utf8' })
  const own = names.filter((name) => /(^|[./])(next|old)([-./]|$)|(^|\/)refused$|lockstep/.test(name))
  const folders = stage.rotation.folders.map((folder) => `${folder}/*.next* ${folder}/*.old*`).join(' ')
  const onHosts = HOSTS.map(async ({ name }) => {
    const rest = await out(name, `ls -d ${folders || '/none'} 2>/dev/null || :`)
    return [await leftOn(name), rest].filter(Boolean).map((text) => `${name}: ${text}`)
  })
  return [...own, ...(await Promise.all(onHosts)).flat()]
}
