import { extract } from 'tar-stream'
import { sh } from '../resource/command.ts'
import { ABSENT, type FileRead, type FileState } from '../resource/read.ts'
import type { Look, Seen } from './probe.ts'
import { stepOf } from './probe-raw.ts'
import type { StepResult } from './shell.ts'

/** Bytes of one file that a look brings home at most. */
const CONTENT_LIMIT = 8 * 1024 * 1024

/** Paths in one command line; the kernel's limit for all arguments together is 2 MiB. */
const CHUNK_BYTES = 256 * 1024

/**
 * All files of a round: one `stat` for what they are, one `tar` for link targets and content, a `sha256sum` when asked.
 * The shell picks from stat's answer what tar may take, so a large file, a device or a pipe is never opened.
 */
export function filesLooks(reads: readonly FileRead[]): Look[] {
  const looks: Look[] = []
  let chunk: FileRead[] = []
  let bytes = 0
  for (const read of reads) {
    bytes += read.path.length + 3
    if (bytes > CHUNK_BYTES) {
      looks.push(filesLook(chunk))
      chunk = []
      bytes = read.path.length + 3
    }
    chunk.push(read)
  }
  return [...looks, filesLook(chunk)]
}

function filesLook(reads: readonly FileRead[]): Look {
  const named = reads.filter(({ path }) => !path.includes('\n'))
  const rest = named.filter(({ want }) => want !== 'content').map(asked)
  const contents = named.filter(({ want }) => want === 'content').map(({ path }) => path)
  const digests = named.filter(({ want }) => want === 'digest').map(({ path }) => path)
  const steps = [
    // No here-document feeds it, which an older bash keeps in a file: a look writes none.
    stepOf(sh`s=$(stat -c '%f %u %g %U %G %s [%n]' -- ${rest} / ${contents})
printf '%s\n\n' "$s"; set -f; IFS='
'; l=$(w=0; for x in $s; do n=\${x#*'['}; n=\${n%]}; f=\${x%% *}; z=\${x%% '['*}; z=\${z##* }
case $w$n in 0/) w=1; continue;; esac
case $w$f in ?a*) printf '%s\n' "$n";; 18*) if [ "$z" -gt 0 ] && [ "$z" -le ${CONTENT_LIMIT} ]; then printf '%s\n' "$n"; fi;; esac; done)
[ -z "$l" ] || exec tar -c -f - --format=gnu --no-recursion --hard-dereference -P --no-unquote -- $l`),
  ]
  if (digests.length > 0) {
    const digest = sh`for p in ${digests}; do if [ -f "$p" ] && [ ! -L "$p" ]; then set -- "$@" "$p"; fi; done
[ $# -eq 0 ] || exec sha256sum -- "$@"`
    steps.push(stepOf(digest, 600_000))
  }
  return { steps, parse: (results) => parseFiles(reads, results) }
}

async function parseFiles(
  reads: readonly FileRead[],
  [listed, summed]: readonly StepResult[],
): Promise<Map<string, Seen>> {
  const output = listed?.stdout ?? Buffer.alloc(0)
  const end = output.indexOf('\n\n')
  const status = parseStatus(output.subarray(0, end < 0 ? output.length : end).toString('utf8'))
  const archive = await parseArchive(end < 0 ? Buffer.alloc(0) : output.subarray(end + 2))
  const sums = parseSums(summed?.stdout.toString('utf8') ?? '')
  const errors = `${listed?.stderr.toString('utf8') ?? ''}\n${summed?.stderr.toString('utf8') ?? ''}`
  const refusals = errors.split('\n').filter((line) => line.includes('Permission denied'))
  return new Map(reads.map((read) => [read.key, seenFile(read)]))

  function seenFile(read: FileRead): Seen {
    const { path, want } = read
    const state = status.get(asked(read))
    const refusal = refusals.find((line) => line.includes(path))
    if (!state) return refusal ? { denied: refusal } : { state: ABSENT }
    if (state.type === 'link') return { state: { ...state, target: archive.links.get(path) ?? '' } }
    if (state.type !== 'file' || want === 'status') return { state }
    if (want === 'digest') {
      const sha256 = sums.get(path)
      return sha256 === undefined ? { denied: refusal ?? `${path} could not be read` } : { state: { ...state, sha256 } }
    }
    const content = state.size === 0 ? Buffer.alloc(0) : archive.contents.get(path)
    if (content) return { state: { ...state, size: content.length, content } }
    const tooLarge = state.size > CONTENT_LIMIT
    return {
      denied: tooLarge
        ? `${path} has ${state.size} bytes; its text is read up to ${CONTENT_LIMIT}`
        : (refusal ?? `${path} could not be read`),
    }
  }
}

/** The path as the kernel shall see it: with a dot behind it a link to a folder is followed, and all that is no folder is absent. */
function asked({ path, follows }: FileRead): string {
  return follows ? `${path}/.` : path
}

const TYPES: Readonly<Record<string, FileState['type']>> = { '8': 'file', '4': 'directory', a: 'link' }

function parseStatus(text: string): Map<string, FileState> {
  const states = new Map<string, FileState>()
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]+) (\d+) (\d+) (\S+) (\S+) (\d+) \[(.*)\]$/.exec(line)
    if (!match) continue
    const [, raw = '', uid = '', gid = '', owner = '', group = '', size = '', path = ''] = match
    states.set(path, {
      type: TYPES[raw.padStart(4, '0').slice(0, -3)] ?? 'other',
      mode: Number.parseInt(raw, 16) & 0o7777,
      owner: owner === 'UNKNOWN' ? uid : owner,
      group: group === 'UNKNOWN' ? gid : group,
      size: Number(size),
    })
  }
  return states
}

async function parseArchive(bytes: Buffer): Promise<{ links: Map<string, string>; contents: Map<string, Buffer> }> {
  const links = new Map<string, string>()
  const contents = new Map<string, Buffer>()
  if (bytes.length === 0) return { links, contents }
  try {
    const archive = extract()
    archive.end(bytes)
    for await (const entry of archive) {
      const { name, type, linkname } = entry.header
      const parts: Buffer[] = []
      for await (const part of entry) parts.push(part as Buffer)
      if (type === 'symlink') links.set(name, linkname ?? '')
      else if (type === 'file' || type === 'contiguous-file') contents.set(name, Buffer.concat(parts))
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // Not an archive, or not all of one: what is missing counts as not to be read.
  }
  return { links, contents }
}

/** sha256sum marks a line with a backslash when the name had to be escaped. */
function parseSums(text: string): Map<string, string> {
  const sums = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^(\\?)([0-9a-f]{64}) [ *](.*)$/.exec(line)
    if (!match) continue
    const [, escaped, sum = '', name = ''] = match
    sums.set(escaped ? name.replaceAll('\\n', '\n').replaceAll('\\\\', '\\') : name, sum)
  }
  return sums
}
