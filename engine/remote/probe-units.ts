import { type Command, sh } from '../resource/command.ts'
import type { UnitRead, UnitState } from '../resource/read.ts'
import type { Look, Seen } from './probe.ts'
import { stepOf } from './probe-raw.ts'

const PROPERTIES =
  'Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,CanReload,FragmentPath,DropInPaths,MainPID,ActiveEnterTimestampMonotonic'

/** A unit on a host that does not run systemd. */
const NO_UNIT: UnitState = {
  load: 'absent',
  active: 'inactive',
  sub: 'dead',
  enabled: '',
  needsReload: false,
  fragment: '',
  dropIns: [],
  mainPid: 0,
  activeSince: 0,
}

/** All units of a round in one `systemctl show`, whose blocks come in the order of the names, and behind it those with links and those without a file. */
export function unitsLook(reads: readonly UnitRead[]): Look {
  // systemctl refuses a template and leaves it out of its answer, which would shift all others.
  const asked = reads.filter(({ name }) => !name.includes('@.'))
  const names = asked.map(({ name }) => name)
  return {
    steps:
      names.length > 0 ? [stepOf(besidesOf(sh`systemctl show --no-pager -p ${PROPERTIES} -- ${names}`, names))] : [],
    async parse([result]) {
      const blocks = (result?.stdout.toString('utf8') ?? '').trim().split('\n\n')
      const told = (mark: string) =>
        new Set(blocks.filter((block) => block.startsWith(mark)).map((block) => block.slice(mark.length)))
      const [linked, lacking] = [told(LINKED), told(FILELESS)]
      const seen = new Map<string, Seen>(reads.map(({ key }) => [key, { state: NO_UNIT }]))
      asked.forEach(({ key, name }, index) => {
        const unit = parseUnit(blocks[index] ?? '')
        const fileGone = unit.needsReload && lacking.has(name)
        seen.set(key, { state: { ...unit, linked: linked.has(name), ...(fileGone ? { fileGone } : {}) } })
      })
      return seen
    },
  }
}

const LINKED = 'linked='
const FILELESS = 'fileless='

function besidesOf(show: Command, names: readonly string[]): Command {
  return sh`${show}
for u in ${names}; do for l in /etc/systemd/system/*.wants/"$u" /etc/systemd/system/*.requires/"$u"; do
if [ -L "$l" ]; then printf '\nlinked=%s\n' "$u"; break; fi; done
t=$u; case $u in *@*) t=\${u%%@*}@.\${u##*.};; esac
for d in /etc/systemd /run/systemd /usr/local/lib/systemd /usr/lib/systemd /lib/systemd; do
if [ -e "$d/system/$t" ] || [ -e "$d/system/$u" ]; then continue 2; fi; done
for d in transient generator generator.early generator.late; do if [ -e "/run/systemd/$d/$u" ]; then continue 2; fi; done
printf '\nfileless=%s\n' "$u"; done`
}

function parseUnit(block: string): UnitState {
  const values = new Map<string, string>()
  for (const line of block.split('\n')) {
    const equals = line.indexOf('=')
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1))
  }
  if (!values.has('LoadState')) return NO_UNIT
  const text = (name: string) => values.get(name) ?? ''
  return {
    load: text('LoadState'),
    active: text('ActiveState'),
    sub: text('SubState'),
    enabled: text('UnitFileState'),
    needsReload: text('NeedDaemonReload') === 'yes',
    canReload: text('CanReload') === 'yes',
    fragment: text('FragmentPath'),
    dropIns: text('DropInPaths').split(' ').filter(Boolean),
    mainPid: Number(text('MainPID') || 0),
    activeSince: Number(text('ActiveEnterTimestampMonotonic') || 0),
  }
}
