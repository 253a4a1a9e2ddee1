import { sh } from '../resource/command.ts'
import type { PackageRead, PackageState } from '../resource/read.ts'
import type { Look } from './probe.ts'
import { stepOf } from './probe-raw.ts'

/**
 * All packages of a round in one `dpkg-query`, and one `apt-cache policy` for those whose candidate is asked for, which is kept
 * from writing its caches: looking leaves no trace.
 */
export function packagesLook(reads: readonly PackageRead[]): Look {
  const names = reads.map(({ name }) => name)
  const candidates = reads.filter(({ candidate }) => candidate).map(({ name }) => name)
  const steps = [stepOf(sh`exec dpkg-query -W -f ${FORMAT} -- ${names}`)]
  if (candidates.length > 0)
    steps.push(stepOf(sh`exec apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy -- ${candidates}`))
  return {
    steps,
    async parse([queried, policy]) {
      const installed = parseQuery(queried?.stdout.toString('utf8') ?? '')
      const offered = parsePolicy(policy?.stdout.toString('utf8') ?? '')
      return new Map(
        reads.map(({ key, name }) => {
          const found = installed.get(name) ?? { installed: false, version: '', held: false }
          const state: PackageState = { ...found, candidate: offered.get(name) ?? '' }
          return [key, { state }]
        }),
      )
    },
  }
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
const FORMAT = '${Package}\\t${db:Status-Status}\\t${db:Status-Want}\\t${Version}\\n'

function parseQuery(text: string): Map<string, Omit<PackageState, 'candidate'>> {
  const found = new Map<string, Omit<PackageState, 'candidate'>>()
  for (const line of text.split('\n')) {
    const [name, status, want, version = ''] = line.split('\t')
    if (!name || status !== 'installed') continue
    found.set(name, { installed: true, version, held: want === 'hold' })
  }
  return found
}

/** Blocks of `name:` and indented `Candidate: version`; see apt-cache(8). */
function parsePolicy(text: string): Map<string, string> {
  const offered = new Map<string, string>()
  let name = ''
  for (const line of text.split('\n')) {
    if (/^\S.*:$/.test(line)) name = line.slice(0, -1)
    const candidate = /^ {2}Candidate: (.*)$/.exec(line)?.[1]
    if (candidate !== undefined && candidate !== '(none)') offered.set(name, candidate)
  }
  return offered
}
