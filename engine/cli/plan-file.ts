import { readFileSync } from 'node:fs'
import packageJson from '../../package.json' with { type: 'json' }
import type { Compiled } from '../language/compile.ts'
import { hostPlans } from '../plan/host-plans.ts'
import { parsePlan, type SavedPlan } from '../plan/saved-plan.ts'
import { Problem } from '../problem.ts'
import type { Event } from '../report/event.ts'
import { listed } from '../report/words.ts'
import type { ValueMap } from '../resource/value.ts'
import { controllerFiles } from './controller-files.ts'
import { variablesMark } from './plan-variables.ts'
import type { PlayFlags } from './play.ts'
import { hashOf, type Source } from './sources.ts'

export interface PlanOptions {
  path: string
  flags: PlayFlags
  /** The lab inventory that was taken since none was given. */
  assumed: string | undefined
  compiled: Compiled
  /** The variables of `-e`. */
  vars: ValueMap
  sources: readonly Source[]
  events: readonly Event[]
  operator: string
}

/** Writes the plan of a check into a file that only this user may read; whole or not at all. */
export async function savePlan(to: string, options: PlanOptions): Promise<void> {
  const { path, flags, assumed, compiled, vars, sources, events, operator } = options
  const { become, becomeUser, becomeMethod } = flags
  const variables = variablesMark(vars)
  const plan: SavedPlan = {
    format: 'lockstep-plan',
    version: 1,
    at: new Date().toISOString(),
    by: operator,
    lockstep: packageJson.version,
    playbook: path,
    inventory: flags.inventory ?? (assumed === undefined ? [] : [assumed]),
    limit: flags.limit ?? [],
    tags: flags.tags ?? [],
    skipTags: flags.skipTags ?? [],
    become: {
      ...(become ? { become } : {}),
      ...(becomeUser === undefined ? {} : { becomeUser }),
      ...(becomeMethod === undefined ? {} : { becomeMethod }),
    },
    ...(variables ? { extraVars: variables } : {}),
    sources: [...sources],
    hosts: hostPlans(events, compiled.playbook),
  }
  try {
    await controllerFiles.write(to, Buffer.from(`${JSON.stringify(plan, undefined, 2)}\n`), 0o600)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new Problem({ code: 'PLAN_NOT_SAVED', message: `the plan cannot be written to ${to}: ${error.message}` })
  }
}

/** Reads a plan, and finds that all the files are as they were when it was made; throws a Problem that names those that are not. */
export function readPlan(path: string): SavedPlan {
  const plan = parsePlan(contentOf(path))
  if (typeof plan === 'string')
    throw new Problem({
      code: 'PLAN_BROKEN',
      message: `${path} is no plan that can be applied: ${plan}`,
      hint: 'make one with `check --save`',
    })
  const now = plan.sources.filter(({ path }) => !isAnswer(path)).map(({ path }) => ({ path, sha256: hashOfFile(path) }))
  const changed = now.filter(({ path, sha256 }) => sha256 !== plan.sources.find((one) => one.path === path)?.sha256)
  throwStale(
    plan,
    changed.map(({ path, sha256 }) => (sha256 === undefined ? `${path} is gone` : `${path} is changed`)),
  )
  return plan
}

/** Finds that nothing has been read since that the plan was made without; throws a Problem that names it. */
export function compareSources(plan: SavedPlan, sources: readonly Source[]): void {
  const known = new Map(plan.sources.map(({ path, sha256 }) => [path, sha256]))
  const others = sources.filter(({ path, sha256 }) => known.get(path) !== sha256)
  throwStale(
    plan,
    others.map(({ path }) => (known.has(path) ? `${path} is changed` : `${path} is new`)),
  )
}

function throwStale({ at, by }: SavedPlan, reasons: readonly string[]): void {
  if (reasons.length === 0) return
  throw new Problem({
    code: 'PLAN_STALE',
    message: `the plan that ${by} made at ${at} no longer holds: ${listed(reasons, 50)}`,
    hint: 'make a new one with `check --save`; paths are relative to the folder that you are in',
  })
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new Problem({ code: 'FILE_MISSING', message: `the plan ${path} cannot be read: ${error.message}` })
  }
}

function hashOfFile(path: string): string | undefined {
  try {
    return hashOf(readFileSync(path))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return undefined
  }
}

/** What an inventory program has answered is compared when it is asked again. */
function isAnswer(path: string): boolean {
  return path.endsWith(' --list')
}
