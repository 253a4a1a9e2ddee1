import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ClearTexts } from '../language/encrypted/clear-texts.ts'
import { loadInventory } from '../language/inventory.ts'
import { defaultInventory } from './default-inventory.ts'
import { problemsOf } from './failure.ts'
import { loadSealed } from './load.ts'
import type { Offer } from './offers.ts'
import { knownSecrets } from './process-secrets.ts'
import type { Typed } from './typed-words.ts'

/** Hosts of the inventory that is meant, and its groups where a pattern is asked for. */
export function hostNames({ flags, positionals }: Typed, { groups }: { groups: boolean }): string[] {
  return offered(() => {
    const inventory = loadInventory(flags.get('inventory') ?? [defaultInventory(positionals[0])], {
      clearTexts: new ClearTexts(knownSecrets),
    })
    return [...(groups ? inventory.groups.keys() : []), ...inventory.hosts.keys()]
  })
}

/** Tags of the playbooks that are named already. */
export function tagNames({ flags, positionals }: Typed): string[] {
  return offered(() => {
    const inventory = flags.get('inventory')
    const extraVars = flags.get('extra-vars')
    const { playbooks } = loadSealed(
      positionals,
      { ...(inventory ? { inventory: [...inventory] } : {}), ...(extraVars ? { extraVars: [...extraVars] } : {}) },
      'run',
    )
    const steps = playbooks.flatMap(({ playbook }) => playbook.plays.flatMap((play) => play.steps))
    return [...new Set(steps.flatMap(({ tags }) => tags))].sort()
  })
}

/** Files and folders that begin as typed; of files only those with one of the endings, when there are any. */
export function paths(typed: string, { suffixes }: { suffixes: readonly string[] }): string[] {
  const folder = typed.endsWith('/') ? typed : dirname(`${typed}x`)
  const before = typed.slice(0, typed.lastIndexOf('/') + 1)
  return offered(() =>
    readdirSync(folder)
      .filter((name) => `${before}${name}`.startsWith(typed) && (!name.startsWith('.') || /(^|\/)\.[^/]*$/.test(typed)))
      .flatMap((name) => {
        if (isFolder(join(folder, name))) return [`${before}${name}/`]
        return suffixes.length === 0 || suffixes.some((suffix) => name.endsWith(suffix)) ? [`${before}${name}`] : []
      })
      .sort(),
  )
}

/** Modules, actions and functions that have a page. */
export async function referenceNames(): Promise<Offer[]> {
  const { modules, actions } = await import('../../modules/index.ts')
  const { functions } = await import('../language/functions/functions.ts')
  return [...modules, ...actions, ...functions.values()].map(({ name, summary }) => ({ word: name, about: summary }))
}

/** Hosts of the lab that runs on this machine. */
export async function labHostNames(): Promise<string[]> {
  const { labStatus } = await import('../../lab/lab.ts')
  return offered(() => labStatus().map(({ name }) => name))
}

/** What cannot be read offers nothing: somebody is still typing. */
function offered(find: () => string[]): string[] {
  try {
    return find()
  } catch (error) {
    if (problemsOf(error) || (error instanceof Error && 'code' in error)) return []
    throw error
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
