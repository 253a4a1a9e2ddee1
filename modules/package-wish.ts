import { TaskFailure } from '../engine/resource/module.ts'
import type { FileState, PackageState } from '../engine/resource/read.ts'
import { Unknown } from '../engine/resource/unknown.ts'
import type { PackageWishes } from './package.ts'

/** One package of the task, and what the host has of it. */
export interface Wish {
  spec: string
  have: PackageState
}

/** A package that is not there. */
export const NOT_INSTALLED: PackageState = { installed: false, version: '', held: false, candidate: '' }

/** The name in `name=version`. */
export function nameOf(spec: string): string {
  return spec.split('=')[0] ?? spec
}

function versionIn(spec: string): string | undefined {
  return spec.split('=')[1]
}

/** Whether the host has the package as it is asked for. */
export function isThere(
  spec: string,
  { installed, version, candidate, held }: PackageState,
  isLatest: boolean,
): boolean {
  if (!installed) return false
  const wanted = versionIn(spec)
  if (wanted !== undefined) return wanted.endsWith('*') ? version.startsWith(wanted.slice(0, -1)) : version === wanted
  // What is only predicted to be installed has no version yet, and will be the newest.
  return !isLatest || held || candidate === '' || candidate === version || version === ''
}

/** The version that will be there, as far as it is known; `refreshes`: after new lists. */
export function versionAfter(want: PackageWishes, { spec, have }: Wish, refreshes: boolean): string | Unknown {
  const wanted = versionIn(spec)
  if (wanted !== undefined && !wanted.endsWith('*')) return wanted
  if (want.state === 'latest' && !refreshes && have.candidate !== '' && wanted === undefined) return have.candidate
  return chosen(spec)
}

function chosen(spec: string): Unknown {
  return new Unknown(`the version of ${nameOf(spec)} that apt chooses`)
}

/** What can be foreseen of an installed package. */
export function installed(want: PackageWishes, wish: Wish, refreshes: boolean): Partial<PackageState> {
  const version = versionAfter(want, wish, refreshes)
  const known = { installed: true, held: wish.have.held }
  return version instanceof Unknown ? known : { ...known, version, candidate: want.state === 'latest' ? version : '' }
}

/** What is only predicted to be installed has no version yet. */
export function versionsOf(wishes: readonly Wish[]): Record<string, string | Unknown> {
  return Object.fromEntries(
    wishes.map(({ spec, have }) => [nameOf(spec), have.version === '' && have.installed ? chosen(spec) : have.version]),
  )
}

/** Fails where apt could not do what is asked for. */
export function refuse(
  { name, deb, state }: PackageWishes,
  due: readonly Wish[],
  refreshes: boolean,
  file: FileState | undefined,
): void {
  refuseHeld(due)
  if (deb !== undefined && [name].flat().length > 1) {
    throw new TaskFailure(
      `${deb} holds one package, not ${[name].flat().length}`,
      'give each package a task of its own',
    )
  }
  if (file && file.type !== 'file' && file.type !== 'link') {
    throw new TaskFailure(
      `the package file ${deb} does not exist`,
      'bring it to the host with a task `copy` before this one',
    )
  }
  const unknown = due.find(({ have }) => state === 'latest' && deb === undefined && have.candidate === '' && !refreshes)
  if (unknown) {
    throw new TaskFailure(
      `apt knows no package ${nameOf(unknown.spec)}`,
      'check the name, or fetch the lists with `update_cache: true`',
    )
  }
}

/** Fails for a package that somebody holds. */
export function refuseHeld(wishes: readonly Wish[]): void {
  const held = wishes.find(({ have }) => have.held)
  if (held) {
    const name = nameOf(held.spec)
    throw new TaskFailure(
      `${name} is held in version ${held.have.version}`,
      `release it with \`apt-mark unhold ${name}\``,
    )
  }
}
