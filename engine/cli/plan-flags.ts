import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { SavedPlan } from '../plan/saved-plan.ts'
import { Problem, Problems } from '../problem.ts'
import { requireVariables } from './plan-variables.ts'
import type { PlayFlags } from './play.ts'

/** What is run by a plan: its playbook, with the flags that it was made with. Flags that say something else are Problems. */
export function askedByPlan(
  plan: SavedPlan,
  paths: readonly string[],
  flags: PlayFlags,
): { paths: readonly string[]; flags: PlayFlags } {
  const { become, becomeUser, becomeMethod } = plan.become
  const claims: readonly Claim[] = [
    {
      flag: 'the playbook',
      given: paths.length > 0 ? paths.map(absolute) : undefined,
      planned: [absolute(plan.playbook)],
    },
    { flag: '--inventory', given: flags.inventory?.map(absolute), planned: plan.inventory.map(absolute) },
    { flag: '--limit', given: flags.limit, planned: plan.limit },
    { flag: '--tags', given: flags.tags, planned: plan.tags },
    { flag: '--skip-tags', given: flags.skipTags, planned: plan.skipTags },
    { flag: '--become', given: flags.become, planned: become },
    { flag: '--become-user', given: flags.becomeUser, planned: becomeUser },
    { flag: '--become-method', given: flags.becomeMethod, planned: becomeMethod },
  ]
  const problems = claims
    .filter(({ given, planned }) => given !== undefined && !isDeepStrictEqual(given, planned))
    .map(contradiction)
  if (problems.length > 0) throw new Problems(problems)
  requireVariables(plan, flags.extraVars)
  return {
    paths: [plan.playbook],
    flags: {
      ...flags,
      inventory: plan.inventory,
      ...(plan.limit.length > 0 ? { limit: plan.limit } : {}),
      tags: plan.tags,
      skipTags: plan.skipTags,
      ...(become ? { become } : {}),
      ...(becomeUser === undefined ? {} : { becomeUser }),
      ...(becomeMethod === undefined ? {} : { becomeMethod: becomeMethod as NonNullable<PlayFlags['becomeMethod']> }),
    },
  }
}

interface Claim {
  flag: string
  given: unknown
  planned: unknown
}

function contradiction({ flag, planned }: Claim): Problem {
  const words = [planned].flat().filter((word) => word !== undefined && word !== false)
  return new Problem({
    code: 'PLAN_FLAGS',
    message: `${flag} says something else than the plan, which was made with ${words.join(', ') || 'none'}`,
    hint: 'a plan is applied as it was made: leave the flag out, or make a new plan with it',
  })
}

/** Names of hosts with a comma stand for themselves. */
function absolute(path: string): string {
  return path.includes(',') ? path : resolve(path)
}
