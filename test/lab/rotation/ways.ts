import type { Event } from '../../../engine/report/event.ts'
import { runCommand } from '../../../lab/command.ts'
import { labEnter } from '../../../lab/exec.ts'
import { until } from '../../../lab/wait.ts'
import { HOSTS, type Stage } from './stage.ts'

/** Somebody who is to get in, and when. */
export interface Way {
  name: string
  account: string
  key: (stage: Stage) => string
  /** The host is then known by its CA alone. */
  certificate?: (stage: Stage) => string
  /** The list by which it is known, if not by that of the folder. */
  known?: (stage: Stage) => string
  /** The key lies on each host under this account, and opens every other host; without it on the controller. */
  between?: string
  /** The hosts that it opens; all without it. */
  to?: readonly string[]
  /** The task with whose end it is promised; from the beginning without it. */
  from?: string
  /** The task with whose beginning it is promised no more; for ever without it. */
  until?: string
  /** The task with whose success on a host it is shut there. */
  refused?: string
}

/** Logs in to every host by every way; gives those that are not as a run, or several, had promised when all these events were told. */
export async function brokenPromises(stage: Stage, events: readonly Event[]): Promise<string[]> {
  const has = (type: 'task-started' | 'task-finished', name: string) =>
    events.some((event) => event.type === type && event.task.name === name)
  const promised = stage.rotation.ways.filter(
    ({ from, until }) =>
      (from === undefined || has('task-finished', from)) && (until === undefined || !has('task-started', until)),
  )
  const refused = stage.rotation.ways.flatMap((way) => {
    const to = HOSTS.map(({ name }) => name).filter((host) => hasProven(host, way.refused, events))
    return to.length > 0 ? [{ ...way, to }] : []
  })
  return (await Promise.all([notSo(stage, promised, 'works'), notSo(stage, refused, 'refused')])).flat()
}

/** Whether a task has gone well on a host. */
function hasProven(host: string, task: string | undefined, events: readonly Event[]): boolean {
  const statuses = events.flatMap((event) =>
    event.type === 'task-result' && event.host === host && event.task.name === task ? [event.result.status] : [],
  )
  return statuses.length > 0 && statuses.every((status) => status === 'ok' || status === 'changed')
}

/** Of these ways, by their names, those that are shut. */
export async function closedOf(stage: Stage, names: readonly string[]): Promise<string[]> {
  return await notSo(
    stage,
    stage.rotation.ways.filter(({ name }) => names.includes(name)),
    'works',
  )
}

/** When all is over: those that are promised for ever work, and the others are refused. */
export async function wrongAtEnd(stage: Stage): Promise<string[]> {
  const { ways } = stage.rotation
  const isOver = ({ until }: Way) => until !== undefined
  const wrong = await Promise.all([
    notSo(
      stage,
      ways.filter((way) => !isOver(way)),
      'works',
    ),
    notSo(stage, ways.filter(isOver), 'refused'),
  ])
  return wrong.flat()
}

async function notSo(stage: Stage, ways: readonly Way[], wanted: string): Promise<string[]> {
  const tried = ways.flatMap((way) =>
    loginsBy(stage, way).map(async ({ host, words }) => {
      const verdict = await verdictOf(words)
      return verdict === wanted ? [] : [`${host} for ${way.name}: ${verdict}`]
    }),
  )
  return (await Promise.all(tried)).flat()
}

function loginsBy(stage: Stage, way: Way): { host: string; words: string[] }[] {
  const { between, to = HOSTS.map(({ name }) => name) } = way
  const opened = HOSTS.filter(({ name }) => to.includes(name))
  if (between === undefined)
    return opened.map(({ name, address }) => ({ host: name, words: loginWords(stage, way, address) }))
  return HOSTS.flatMap((from) =>
    opened
      .filter((host) => host !== from)
      .map(({ name, address }) => ({
        host: name,
        words: labEnter(from.name, loginWords(stage, way, address), between),
      })),
  )
}

function loginWords(stage: Stage, { account, key, certificate, known, between }: Way, address: string): string[] {
  const list = known?.(stage) ?? (certificate ? stage.path('ca/known_hosts') : stage.access.knownHostsFile)
  const options = [
    ...['BatchMode=yes', 'IdentitiesOnly=yes', 'IdentityAgent=none', 'ConnectTimeout=5', 'StrictHostKeyChecking=yes'],
    ...(between === undefined ? [`UserKnownHostsFile=${list}`, 'GlobalKnownHostsFile=/dev/null'] : []),
    ...(certificate ? [`CertificateFile=${certificate(stage)}`] : []),
  ]
  const words = options.flatMap((option) => ['-o', option])
  return ['ssh', '-F', '/dev/null', '-i', key(stage), ...words, `${account}@${address}`, 'true']
}

/** `works`, `refused` by the one side or the other, or what ssh said at last when sshd gave no answer for a while: it may be starting. */
async function verdictOf(words: readonly string[]): Promise<string> {
  let verdict = ''
  const isClear = async () => {
    const { code, stderr } = await runCommand(words)
    verdict =
      code === 0
        ? 'works'
        : /Permission denied \(|Host key verification failed/.test(`${stderr}`)
          ? 'refused'
          : `${stderr}`.trim()
    return verdict === 'works' || verdict === 'refused'
  }
  return await until('sshd answers', isClear, { limitMs: 20_000, everyMs: 250 }).then(
    () => verdict,
    () => verdict,
  )
}
