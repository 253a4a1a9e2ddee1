import type { Evaluator, LoopItem, Runtime } from '../language/evaluator.ts'
import type { Playbook, Step } from '../language/playbook.ts'
import { Problem } from '../problem.ts'
import type { Become } from '../remote/address.ts'
import { Unknown } from '../resource/unknown.ts'

/**
 * The hosts that a `delegate_to` names, each with the root whom the run becomes there, if any; as far as the playbook and the
 * inventory alone tell. One that depends on what is registered or gathered is not among them.
 */
export function delegations(
  { plays }: Playbook,
  evaluatorFor: (runtime: Runtime) => Evaluator,
): ReadonlyMap<string, Become | undefined> {
  const evaluator = evaluatorFor(NOTHING_KNOWN)
  const found = new Map<string, Become | undefined>()
  for (const { hosts, steps, handlers } of plays) {
    for (const step of [...steps, ...handlers]) {
      if (step.delegateTo === undefined) continue
      const root = step.become?.user === 'root' ? step.become : undefined
      for (const host of hosts)
        for (const target of targetsOf(evaluator, step, host)) found.set(target, found.get(target) ?? root)
    }
  }
  return found
}

/** What is wrong with a step is told when its turn comes. */
function targetsOf(evaluator: Evaluator, step: Step, host: string): string[] {
  try {
    const items = evaluator.items(step, host)
    if (items instanceof Unknown) return []
    return loopItems(items).flatMap((item) => {
      if (evaluator.when(step, host, item).holds === false) return []
      const target = evaluator.delegate(step, host, item)
      return typeof target === 'string' ? [target] : []
    })
  } catch (error) {
    if (error instanceof Problem) return []
    throw error
  }
}

function loopItems(items: ReturnType<Evaluator['items']>): readonly (LoopItem | undefined)[] {
  if (items === undefined || items instanceof Unknown) return [undefined]
  return items.map((value, index) => ({ value, index, length: items.length }))
}

/** As before the first host has answered. */
const NOTHING_KNOWN: Runtime = {
  registered: (_, name) => new Unknown(`'${name}', which nothing has registered yet`),
  facts: (host) => new Unknown(`the facts of ${host}`),
  now: () => new Unknown('the time of the run'),
}
