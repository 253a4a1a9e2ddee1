import { readdirSync, writeFileSync } from 'node:fs'
import type { Mode } from '../../../engine/report/event.ts'
import { type LabAccess, labReset } from '../../../lab/lab.ts'
import type { Controller } from '../controller.ts'
import { leftOn, type Subject } from '../disturbance.ts'
import { files, inventoryText, type Outcome, out, playOn } from '../play.ts'
import type { Rotation } from './rotations.ts'

export const HOSTS = [
  { name: 'lockout1', address: '10.98.40.1' },
  { name: 'lockout2', address: '10.98.40.2' },
] as const

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

/** Hosts with disks as new and an empty folder, brought to where the rotation begins. */
export async function freshStage(rotation: Rotation, access: LabAccess, as: Controller): Promise<Stage> {
  await labReset(
    HOSTS.map(({ name }) => name),
    () => {},
  )
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
  await rotation.prepare(stage)
  return stage
}

/** What a rotation that is over has left behind, on the hosts and on the controller. */
export async function leftBehind(stage: Stage): Promise<string[]> {
  const names = readdirSync(stage.path('.'), { recursive: true, encoding: 'utf8' })
  const own = names.filter((name) => /\.(next|old)(\.|$)|lockstep/.test(name))
  const folders = stage.rotation.folders.map((folder) => `${folder}/*.next* ${folder}/*.old*`).join(' ')
  const onHosts = HOSTS.map(async ({ name }) => {
    const rest = await out(name, `ls -d ${folders || '/none'} 2>/dev/null || :`)
    return [await leftOn(name), rest].filter(Boolean).map((text) => `${name}: ${text}`)
  })
  return [...own, ...(await Promise.all(onHosts)).flat()]
}
