import { until } from '../../../lab/wait.ts'
import { disturb, type Subject } from '../disturbance.ts'
import { out } from '../play.ts'
import { empty, fill } from '../rotation/fault.ts'
import { when } from '../rotation/rotation.ts'
import type { Place, Rollout } from './rollouts.ts'
import type { Vars } from './rotation.ts'

/** Something that goes wrong beside a rollout. */
export interface Fault {
  what: string
  rollout: Rollout
  /** What goes wrong before the run. */
  hurt?(place: Place, subject: Subject & { vars: Vars }): Promise<unknown>
  /** What goes wrong in the run, as a task begins. */
  meanwhile?: { task: string; work(place: Place): Promise<unknown> }
  /** What that run is called with beside the rollout's own. */
  vars?: Vars
  /** What the run fails with; it goes through without it. */
  says?: RegExp
  /** What a person does then, before the next run. */
  mend?(place: Place): Promise<unknown>
  /** Members that go down. */
  down?: readonly string[]
}

const NO_ROOM = /No space left on device|KiB are free there/

/** Where a member has its key and certificates. */
export const SSL = '/etc/consul.d/ssl'

export const onHost = (name: string, script: string) => () => out(name, script)
/** The agent has a view of its own of what is mounted. */
export const asAgent = (script: string) => `nsenter -m -t "$(pidof consul)" sh -c '${script}'`
export const killed = (task: string, after: string, host: string) => async (_: Place, subject: Subject) => {
  await disturb(subject, { kind: 'kill', event: when('task-finished', task) })
  await out(host, after)
}

/** A member dies, and the others know it. */
async function takeDown({ cluster }: Place, name: string): Promise<void> {
  await out(name, 'systemctl kill --signal=KILL consul; systemctl stop consul')
  const [asked = ''] = cluster.servers.filter((server) => server !== name)
  await until(`the gossip tells that ${name} has failed`, async () => {
    const members = await cluster.ask<{ Name: string; Status: number }[]>(asked, '/v1/agent/members')
    return members?.find(({ Name }) => Name === name)?.Status === 4
  })
}

const bringUp =
  (name: string) =>
  async ({ cluster }: Place) => {
    await out(name, 'systemctl start consul')
    await cluster.untilHealthy()
  }

export const full = (what: string, rollout: Rollout, host: string, folder: string): Fault => ({
  what: `the disk of ${host} is full where ${what}`,
  rollout,
  hurt: onHost(host, fill(folder)),
  says: NO_ROOM,
  mend: onHost(host, empty(folder)),
})

/** For as long as a task waits for it. */
export const downAndBack = (what: string, rollout: Rollout, host: string, task: string): Fault => ({
  what: `${what}, and back in the same run`,
  rollout,
  meanwhile: {
    task,
    async work(place) {
      await takeDown(place, host)
      await bringUp(host)(place)
    },
  },
  down: [host],
})

export const down = (what: string, rollout: Rollout, host: string, task: string, says: RegExp): Fault => ({
  what: `${host} is down ${what}, and back for the next run`,
  rollout,
  meanwhile: { task, work: (place) => takeDown(place, host) },
  says,
  mend: bringUp(host),
  down: [host],
})
