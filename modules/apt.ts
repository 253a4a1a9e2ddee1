import { type Command, sh } from '../engine/resource/command.ts'
import { read } from '../engine/resource/read.ts'

/** Nobody answers a question, nothing restarts services behind the playbook's back, and another apt is waited for. */
export const APT = sh`DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l apt-get -o DPkg::Lock::Timeout=300`

/** The lock of the lists is one that apt-get does not wait for. A list that cannot be fetched is an error and not a warning. */
export const UPDATE = sh`i=0; until e=$(${APT} -q -o APT::Update::Error-Mode=any update 2>&1); do
case $e in *lists/lock*) [ $i -lt 60 ] && i=$((i + 1)) && sleep 5 && continue;; esac
printf '%s\n' "$e" >&2; exit 1; done; touch /var/lib/apt/lists`

/** Answers `fresh` or `stale`: whether there are lists that were fetched within so many seconds. */
export function listsRead(seconds = 3600) {
  const minutes = Math.ceil(seconds / 60)
  const command = sh`d=/var/lib/apt/lists; set -- "$d"/*_*
if [ -e "$1" ] && [ -n "$(find "$d" -maxdepth 0 -mmin ${`-${minutes}`})" ]; then echo fresh; else echo stale; fi`
  return read.raw(`apt-lists:${minutes}`, command)
}

/** Configuration files that were edited are kept. */
export function installOptions({
  install_recommends: recommends,
  allow_downgrade: downgrades,
}: InstallWishes): string[] {
  const words = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold']
  if (recommends !== undefined) words.push(recommends ? '--install-recommends' : '--no-install-recommends')
  if (downgrades) words.push('--allow-downgrades')
  return words
}

/** Fails when a .deb file holds another package than it should. */
export function debCheck(deb: string | undefined, name: string): Command {
  if (deb === undefined) return sh`:`
  return sh`p=$(dpkg-deb -f ${deb} Package) || exit 1
[ "$p" = ${name} ] || { echo ${`lockstep: ${deb} does not hold ${name} but`} "$p" >&2; exit 1; }`
}

interface InstallWishes {
  install_recommends?: boolean
  allow_downgrade?: boolean
}
