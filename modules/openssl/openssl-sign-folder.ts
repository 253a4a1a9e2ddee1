import type { Change } from '../../engine/resource/change.ts'
import { octal } from '../../engine/resource/command.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import { type FileState, type Prediction, predictSome, read } from '../../engine/resource/read.ts'
import { requireFolder } from '../files/folders.ts'
import type { SignHave } from './openssl-sign-args.ts'
import type { SignChange } from './openssl-sign-command.ts'

/** The folder and the key are for nobody else; fails when somebody else could get at them. */
export function folderChanges(dir: string, have: SignHave, { user }: { user: string }) {
  const [folder] = have.folder
  const [key] = have.keyFile
  const changes: SignChange[] = []
  const after: Prediction[] = []
  if (!folder || folder.type === 'absent') requireFolder(dir, have.parentFolder)
  else if (folder.type !== 'directory')
    throw new TaskFailure(`${dir} is not a folder but a ${folder.type}`, 'name a folder')
  else if (folder.owner !== user)
    throw new TaskFailure(
      `the folder ${dir} belongs to ${folder.owner}, not to ${user}, who signs`,
      `give it to ${user}`,
    )
  else if (folder.mode !== 0o700) {
    changes.push(modeChange(dir, folder, 0o700))
    after.push(folderAfter(dir, user))
  }
  if (key?.type === 'file' && key.mode !== 0o600) {
    changes.push(modeChange(`${dir}/ca.key`, key, 0o600))
    after.push(predictSome<FileState>(read.status(`${dir}/ca.key`), { type: 'file', mode: 0o600 }))
  }
  if (key && key.type !== 'absent' && key.type !== 'file')
    throw new TaskFailure(`${dir}/ca.key is not a file but a ${key.type}`, 'remove it')
  return { changes, after }
}

function modeChange(path: string, { mode }: FileState, to: number): Change<'mode', string> & { path: string } {
  return { kind: 'mode', what: `mode of ${path}`, from: octal(mode), to: octal(to), path }
}

/** What the folder is once it is as it should be. */
export function folderAfter(dir: string, owner: string): Prediction {
  return predictSome<FileState>(read.status(dir), { type: 'directory', mode: 0o700, owner })
}
