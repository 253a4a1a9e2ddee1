import { createHmac, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SavedPlan } from '../plan/saved-plan.ts'
import { Problem } from '../problem.ts'
import { Secret } from '../resource/secret.ts'
import type { ValueMap } from '../resource/value.ts'
import { stateFolder } from './history-folder.ts'

/**
 * What a plan keeps of `-e`: the names, and by which key one can tell whether the values are still the same. Values may be secret
 * and short, so that a plain hash of them could be guessed; the key never lies beside the plan.
 */
export function variablesMark(values: ValueMap): SavedPlan['extraVars'] {
  const names = Object.keys(values).sort()
  if (names.length === 0) return undefined
  const key = planKey()
  return { names, key: mark(key, 'key').slice(0, 16), hmac: mark(key, canonical(values)) }
}

/** Finds that there is a `-e` when the plan was made with one, before what it says is missed elsewhere; throws a Problem. */
export function requireVariables({ extraVars: then }: SavedPlan, texts: readonly string[] = []): void {
  if (!then || texts.length > 0) return
  throw new Problem({
    code: 'PLAN_FLAGS',
    message: `the plan was made with -e for ${then.names.join(', ')}, and it does not keep the values`,
    hint: 'give the same -e again',
  })
}

/** Finds that `-e` says what it said when the plan was made; throws a Problem. */
export function compareVariables(plan: SavedPlan, values: ValueMap): void {
  const { extraVars: then } = plan
  const now = variablesMark(values)
  if (!now) {
    requireVariables(plan)
    return
  }
  if (!then) {
    throw new Problem({
      code: 'PLAN_FLAGS',
      message: 'the plan was made without -e',
      hint: 'leave -e out, or make a new plan with it',
    })
  }
  if (then.key !== now.key) {
    throw new Problem({
      code: 'PLAN_KEY',
      message: 'whether -e is as it was cannot be told: the plan was made with another key than the one here',
      hint: 'let LOCKSTEP_PLAN_KEY name the same file of random bytes on both machines',
    })
  }
  if (then.hmac === now.hmac) return
  throw new Problem({
    code: 'PLAN_FLAGS',
    message: `-e is not what it was when the plan was made (it was about ${then.names.join(', ')})`,
    hint: 'give the same -e, or make a new plan',
  })
}

function mark(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}

/** The user's own key, made when it is first needed. */
function planKey(environment = process.env): Buffer {
  const given = environment.LOCKSTEP_PLAN_KEY
  const path = given || join(stateFolder(environment), 'plan-key')
  try {
    if (!given) create(path)
    const key = readFileSync(path)
    if (key.length >= 16) return key
    throw new Problem({ code: 'PLAN_KEY', message: `${path} is too short for a key`, hint: 'head -c 32 /dev/urandom' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || error instanceof Problem) throw error
    throw new Problem({ code: 'PLAN_KEY', message: `the key that -e is compared by cannot be used: ${error.message}` })
  }
}

function create(path: string): void {
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
    writeFileSync(path, randomBytes(32), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

/** One text for equal values, whatever the order of names; secrets as they are, since it only feeds the key's mark. */
function canonical(value: unknown): string {
  if (value instanceof Secret) return canonical(value.reveal())
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join(',')}}`
}
