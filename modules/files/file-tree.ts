import type { Change } from '../../engine/resource/change.ts'
import { type Command, octal, sh } from '../../engine/resource/command.ts'
import {
  type FileState,
  type Prediction,
  predict,
  predictSome,
  read,
  type TreeState,
} from '../../engine/resource/read.ts'
import { type Accounts, type Ownership, wantedStatus } from './ownership.ts'

type Entry = TreeState['entries'][number]

/** Owner and mode of what lies below a folder: one change, however many paths it is about. */
export type BelowChange = Change<'below', string> & { entries: readonly { have: Entry; want: Entry }[] }

/** The change that gives everything below a folder the wanted owner and mode; none when it has them. */
export function belowChanges(
  path: string,
  want: Ownership,
  tree: TreeState | undefined,
  known: Accounts,
): BelowChange[] {
  const entries = (tree?.entries ?? [])
    .map((have) => ({ have, want: { ...have, ...wanted(want, have, known) } }))
    .filter((pair) => line(pair.have) !== line(pair.want))
    .sort((a, b) => (a.have.path < b.have.path ? -1 : 1))
  if (entries.length === 0) return []
  const from = entries.map(({ have }) => line(have)).join('')
  const to = entries.map((pair) => line(pair.want)).join('')
  return [{ kind: 'below', what: `owner and mode below ${path}`, from, to, entries }]
}

/** What later looks at the tree, or at a path in it, will see. */
export function predictedBelow(
  path: string,
  changes: readonly BelowChange[],
  tree: TreeState | undefined,
): Prediction[] {
  const [change] = changes
  if (!change || !tree) return []
  const after = new Map(change.entries.map(({ want }) => [want.path, want]))
  return [
    predict(read.tree(path), { entries: tree.entries.map((entry) => after.get(entry.path) ?? entry) }),
    ...change.entries.map(({ want: { path: each, ...state } }) => predictSome(read.status(each), state)),
  ]
}

/** One chown for each owner and one chmod for each mode; the paths come over stdin, since there may be very many. */
export const belowLegs = {
  below: ({ entries }: BelowChange): Command => {
    const given = entries.filter(({ have, want }) => ownerOf(have) !== ownerOf(want))
    // The kernel takes setuid and setgid from a file that gets another owner, so they are set once more.
    const set = entries.filter(
      ({ have, want }) =>
        want.type !== 'link' && (have.mode !== want.mode || (ownerOf(have) !== ownerOf(want) && want.mode & 0o6000)),
    )
    return sh.all([
      ...groups(given, ownerOf).map(([owner, paths]) => sh.input(sh`xargs -0 chown -h -- ${owner}`, paths)),
      ...groups(set, ({ mode }) => `0${octal(mode)}`).map(([mode, paths]) =>
        sh.input(sh`xargs -0 chmod ${mode} --`, paths),
      ),
    ])
  },
}

function wanted(want: Ownership, have: Entry, known: Accounts): Pick<Entry, 'mode' | 'owner' | 'group'> {
  const state: FileState = { ...have, size: 0 }
  const { mode, owner, group } = wantedStatus(want, state, known)
  return { mode: have.type === 'link' ? have.mode : mode, owner, group }
}

function line(entry: Entry): string {
  return `${entry.path} ${ownerOf(entry)} ${octal(entry.mode)}\n`
}

function ownerOf({ owner, group }: Entry): string {
  return `${owner}:${group}`
}

/** Paths that get the same, each with a NUL behind it, as `xargs -0` reads them. */
function groups(entries: BelowChange['entries'], by: (entry: Entry) => string): [string, string][] {
  const paths = new Map<string, string>()
  for (const { want } of entries) paths.set(by(want), `${paths.get(by(want)) ?? ''}${want.path}\0`)
  return [...paths]
}
