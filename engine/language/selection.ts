import { nearest, Problem } from '../problem.ts'
import type { Compiler } from './compiler.ts'
import type { DraftPlay } from './play.ts'
import type { Draft } from './task.ts'

/** What `--tags` and `--skip-tags` ask for. */
export interface Wanted {
  tags?: readonly string[]
  skipTags?: readonly string[]
}

/**
 * Which steps run: those with one of the tags and none of the skipped; `always` runs unless it is skipped itself, `never` only
 * when it is asked for; `tagged`, `untagged` and `all` stand for what they say. A tag that nothing has is a warning.
 */
export function selectByTags(
  plays: readonly DraftPlay[],
  { tags = [], skipTags = [] }: Wanted,
  { warnings }: Compiler,
): (step: Draft) => boolean {
  const split = (texts: readonly string[]) =>
    texts
      .flatMap((text) => text.split(','))
      .map((tag) => tag.trim())
      .filter(Boolean)
  const wanted = split(tags)
  const skipped = split(skipTags)
  const known = new Set(plays.flatMap(({ steps }) => steps.flatMap((step) => step.tags)))
  for (const tag of [...wanted, ...skipped]) {
    if (known.has(tag) || SPECIAL.includes(tag)) continue
    const near = nearest(tag, known)
    warnings.push(
      new Problem({
        code: 'UNKNOWN_TAG',
        message: `no task has the tag '${tag}'`,
        hint: near ? `did you mean '${near}'?` : undefined,
        severity: 'warning',
      }),
    )
  }
  return ({ tags: own }) => {
    if (skipped.some((tag) => has(own, tag))) return false
    if (wanted.length === 0) return !own.includes('never')
    return own.includes('always') || wanted.some((tag) => has(own, tag) && (tag !== 'all' || !own.includes('never')))
  }
}

const SPECIAL = ['all', 'tagged', 'untagged', 'always', 'never']

function has(own: readonly string[], tag: string): boolean {
  if (tag === 'all') return true
  if (tag === 'tagged') return own.length > 0
  if (tag === 'untagged') return own.length === 0
  return own.includes(tag)
}
