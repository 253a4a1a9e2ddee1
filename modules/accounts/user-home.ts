import { TaskFailure } from '../../engine/resource/module.ts'
import {
  type AccountState,
  type FileState,
  fileOf,
  type Prediction,
  predict,
  predictSome,
  read,
} from '../../engine/resource/read.ts'
import type { UserWishes } from './user.ts'
import type { UserChange } from './user-commands.ts'

/** What Debian puts into a new home folder; all else that is in /etc/skel comes along without being foreseen. */
const SKELETON = ['.bash_logout', '.bashrc', '.profile']

/** What must be seen to say whether the home folder is there. */
export interface HomeHave {
  account: AccountState
  home: FileState
  parent: FileState
  skeleton: readonly FileState[]
}

/** The home folder's reads; an existing account whose home is elsewhere keeps it unseen. */
export function homeReads(want: UserWishes) {
  const home = homeOf(want)
  return {
    home: read.status(home),
    parent: read.status(home.slice(0, Math.max(home.lastIndexOf('/'), 1))),
    skeleton: SKELETON.map((file) => read.file(`/etc/skel/${file}`)),
  }
}

/** Where the home folder of an account shall be that has none yet. */
export function homeOf({ name, home }: UserWishes): string {
  return home ?? `/home/${name}`
}

/** The folder to be made for an account that exists; a new account's is made with it. */
export function homeChange(want: UserWishes, have: HomeHave): UserChange | undefined {
  if (!isMissing(want, have)) return undefined
  if (have.parent.type !== 'directory' && have.parent.type !== 'link') {
    throw new TaskFailure(
      `the home folder ${homeOf(want)} cannot be made: the folder it belongs in does not exist`,
      'create it with a task `file` and `state: directory` before this one',
    )
  }
  if (!have.account.present) return undefined
  return {
    kind: 'home',
    what: homeOf(want),
    from: undefined,
    to: 'folder like /etc/skel',
    group: want.group ?? have.account.group,
  }
}

/** What the host will answer about the new folder and what is copied into it. */
export function homePredictions(want: UserWishes, have: HomeHave, group: string): Prediction[] {
  if (!isMissing(want, have)) return []
  const own = { owner: want.name, group }
  const home = homeOf(want)
  const files = SKELETON.flatMap((file, index) => {
    const state = have.skeleton[index]
    if (state?.type !== 'file') return []
    return [
      predict(read.file(`${home}/${file}`), fileOf(state.content ?? Buffer.alloc(0), { mode: state.mode, ...own })),
    ]
  })
  return [predictSome(read.status(home), { type: 'directory', mode: 0o700, ...own }), ...files]
}

function isMissing(want: UserWishes, { account, home }: HomeHave): boolean {
  if (want.create_home === false) return false
  if (account.present && want.home === undefined && account.home !== homeOf(want)) return false
  if (home.type === 'file' || home.type === 'other') {
    throw new TaskFailure(
      `the home folder ${homeOf(want)} is a ${home.type === 'file' ? 'file' : 'device'}, not a folder`,
    )
  }
  return home.type === 'absent'
}
