import { actions, modules } from '../../modules/index.ts'
import { type Compiled, compile } from '../language/compile.ts'
import { ClearTexts } from '../language/encrypted/clear-texts.ts'
import type { Sealed } from '../language/encrypted/sealed.ts'
import { type Inventory, loadInventory } from '../language/inventory.ts'
import { throwProblems } from '../language/problem-list.ts'
import { Problem } from '../problem.ts'
import type { Mode } from '../report/event.ts'
import type { ValueMap } from '../resource/value.ts'
import { defaultInventory } from './default-inventory.ts'
import { extraVars } from './extra-vars.ts'
import { problemsOf } from './failure.ts'
import { Keys } from './keys.ts'
import type { ConnectionFlags, KeyFlags, PlaybookFlags } from './options.ts'
import { forbidCores, knownSecrets } from './process-secrets.ts'
import { noteSources, type Source } from './sources.ts'

/** Everything that was asked for, read and found to be right. */
export interface Loaded {
  inventory: Inventory
  /** The variables of `-e`. */
  vars: ValueMap
  playbooks: readonly Compiled[]
  /** The lab inventory that was taken since none was given. */
  assumed: string | undefined
  /** All that was read for it, and is read later when a task comes to it. */
  sources: () => readonly Source[]
}

type LoadFlags = PlaybookFlags & Partial<ConnectionFlags>

/**
 * Reads inventory and playbooks and compiles them; throws all their problems at once, before any host is contacted. What is
 * encrypted is opened when a first pass has shown what there is.
 */
export async function load(paths: readonly string[], flags: LoadFlags, mode: Mode): Promise<Loaded> {
  return await opening(flags, (clearTexts) => loadWith(clearTexts, paths, flags, mode))
}

/** The same without opening anything, for those who only want names: what is encrypted counts as empty. */
export function loadSealed(paths: readonly string[], flags: LoadFlags, mode: Mode): Loaded {
  return loadWith(new ClearTexts(knownSecrets), paths, flags, mode)
}

/** Does what reads encrypted files, again and again until all that it asks for has been opened. */
export async function opening<T>(flags: KeyFlags, work: (clearTexts: ClearTexts) => T): Promise<T> {
  const clearTexts = new ClearTexts(knownSecrets)
  const keys = new Keys(flags)
  for (;;) {
    const attempt = attempted(() => work(clearTexts))
    if (clearTexts.wanted.length === 0) {
      if ('error' in attempt) throw attempt.error
      return attempt.value
    }
    forbidCores()
    for (const sealed of clearTexts.wanted) clearTexts.open(sealed, textOf(sealed, await keys.open(sealed)))
  }
}

/** What a pass complains of may come of what it could not read. */
function attempted<T>(work: () => T): { value: T } | { error: unknown } {
  try {
    return { value: work() }
  } catch (error) {
    if (!problemsOf(error)) throw error
    return { error }
  }
}

function textOf({ file, place }: Sealed, content: Buffer): string {
  const text = content.toString('utf8')
  if (!content.includes(0) && Buffer.from(text).equals(content)) return text.replace(/^\uFEFF/, '')
  throw new Problem({ code: 'FILE_KIND', message: `what ${file} holds is no text`, place })
}

function loadWith(clearTexts: ClearTexts, paths: readonly string[], flags: LoadFlags, mode: Mode): Loaded {
  const sources = noteSources()
  const assumed = flags.inventory ? undefined : defaultInventory(paths[0])
  const vars = extraVars(flags.extraVars ?? [], clearTexts)
  const inventories = flags.inventory ?? (assumed === undefined ? [] : [assumed])
  const inventory = loadInventory(inventories, { extraVars: vars, clearTexts })
  const shared = {
    inventory,
    clearTexts,
    limit: flags.limit?.join(','),
    tags: flags.tags ?? [],
    skipTags: flags.skipTags ?? [],
    extraVars: vars,
    registry: { modules, actions },
    checkMode: mode === 'check',
    environment: process.env,
    become: {
      isOn: flags.become === true,
      ...(flags.becomeUser === undefined ? {} : { user: flags.becomeUser }),
      ...(flags.becomeMethod === undefined ? {} : { method: flags.becomeMethod }),
    },
  }
  return {
    inventory,
    vars,
    playbooks: allOf(paths, (playbookPath) => compile({ ...shared, playbookPath })),
    assumed,
    sources,
  }
}

/** What is wrong with one playbook does not hide what is wrong with the next. */
function allOf(paths: readonly string[], compileOne: (path: string) => Compiled): Compiled[] {
  const problems: Problem[] = []
  const compiled = paths.flatMap((path) => {
    try {
      return [compileOne(path)]
    } catch (error) {
      const found = problemsOf(error)
      if (!found) throw error
      problems.push(...found)
      return []
    }
  })
  if (problems.length > 0) throwProblems(problems)
  return compiled
}
