import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import SSHConfig from 'ssh-config'
import { Problem } from '../problem.ts'

/** What ssh's client configuration says about a host: keywords in small letters, each with its words; see ssh_config(5). */
export type SshSettings = ReadonlyMap<string, readonly string[]>

/** The settings for a host, by the name that one would give to ssh. */
export type SshConfig = (address: string) => Promise<SshSettings>

const run = promisify(execFile)

/** What these do is left to ssh itself, which is exact but costs a process a host. */
const NEEDS_SSH = /^[ \t]*(include|match|canonicali[sz]ehostname)\b/im

/** Reads a client configuration once, for any number of hosts; a file that is missing says nothing. */
export async function sshConfig(file: string): Promise<SshConfig> {
  const text = await readText(file)
  if (text.trim() === '') return async () => new Map()
  if (!NEEDS_SSH.test(text)) {
    const parsed = parse(file, text)
    return async (address) => settingsOf(parsed.compute(address, { ignoreCase: true, matchExec: false }))
  }
  const defaults = askSsh('/dev/null', 'localhost')
  return async (address) => onlyNew(await askSsh(file, address), await defaults)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
    if (error.code === 'ENOENT') return ''
    throw new Problem({ code: 'SSH_CONFIG', message: `${file} cannot be read: ${error.message}.` })
  }
}

function parse(file: string, text: string): SSHConfig {
  try {
    return SSHConfig.parse(text)
  } catch (error) {
    throw new Problem({ code: 'SSH_CONFIG', message: `${file} cannot be understood: ${String(error)}.` })
  }
}

function settingsOf(computed: Record<string, string | string[]>): SshSettings {
  return new Map(Object.entries(computed).map(([keyword, value]) => [keyword, Array.isArray(value) ? value : [value]]))
}

/** `ssh -G` prints the whole configuration, defaults included, one `keyword words` a line; a list has a line for each. */
async function askSsh(file: string, address: string): Promise<[keyword: string, value: string][]> {
  try {
    const { stdout } = await run('ssh', ['-G', '-F', file, '--', address])
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [keyword = '', ...words] = line.split(' ')
        return [keyword.toLowerCase(), words.join(' ')]
      })
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const words = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)
    throw new Problem({
      code: 'SSH_CONFIG',
      message: missing
        ? `${file} uses Include or Match, which only ssh itself can follow, and there is no ssh here.`
        : words,
      hint: missing ? 'install the OpenSSH client' : `ssh -G -F ${file} ${address} shows the same`,
    })
  }
}

/** What differs from an empty configuration is what somebody has set. */
function onlyNew(settings: [string, string][], defaults: [string, string][]): SshSettings {
  const known = new Set(defaults.map(([keyword, value]) => `${keyword} ${value}`))
  const found = new Map<string, string[]>()
  for (const [keyword, value] of settings) {
    if (keyword === 'host' || known.has(`${keyword} ${value}`)) continue
    const words = keyword === 'userknownhostsfile' ? value.split(' ') : [value]
    found.set(keyword, [...(found.get(keyword) ?? []), ...words])
  }
  return found
}
