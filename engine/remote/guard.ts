import { type Command, sh } from '../resource/command.ts'
import type { WayIn } from '../resource/way-in.ts'

/** What the host keeps of itself while a change is on trial that could cut off the way in, and when it goes back to that by itself. */
export interface Guard {
  /** A random word, so that two guards never share a folder. */
  id: string
  /**
   * What it watches over, with the absolute paths that the change may touch beside those that make up the part, and the folders
   * of which only owner and mode are kept.
   */
  parts: readonly { part: WayIn; paths: readonly string[]; folders: readonly string[] }[]
  /** Seconds until the host undoes the change by itself. */
  seconds: number
}

/** What `endGuard` says when the host has undone the change already. */
export const UNDONE = 3

/** Parts whose files are written first and read by a service later: what was before is kept until then. */
const READ_LATER: readonly WayIn[] = ['sshd', 'network']

/** Files that make up each part; what else has to be kept of it is in `KEEP`. */
const PATHS: Readonly<Record<WayIn, readonly string[]>> = {
  firewall: ['/etc/default/ufw', '/etc/ufw'],
  sshd: ['/etc/ssh/sshd_config', '/etc/ssh/sshd_config.d'],
  keys: [],
  become: ['/etc/sudoers', '/etc/sudoers.d', '/etc/doas.conf'],
  account: ['/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow'],
  network: ['/etc/network', '/etc/netplan', '/etc/systemd/network'],
}

const SSH_UNITS = ['ssh.service', 'sshd.service', 'ssh.socket', 'sshd.socket']
const NETWORK_UNITS = ['networking.service', 'systemd-networkd.service', 'NetworkManager.service']

/** Root keeps it where a reboot leaves it; another user below its own home. */
const FOLDER = sh`d=/var/lib/lockstep; [ "$(id -u)" = 0 ] || d="\${XDG_STATE_HOME:-$HOME/.local/state}/lockstep"`

/**
 * Keeps what the change may touch and sets the timer that brings it back: a unit of systemd's, or else a process of its own
 * session, so that neither the loss of the connection nor the end of the controller stops it. Does nothing when it stands already.
 */
export function beginGuard({ id, parts, seconds }: Guard): Command {
  return sh`( ${FOLDER}
g=$d/guard-${id}; [ ! -e "$g" ] || exit 0
keep() { k=$1; shift; mkdir "$k" && printf '%s\\n' "$@" >"$k/paths" || return 1
while IFS= read -r p; do if [ -e "$p" ] || [ -L "$p" ]; then printf '%s\\n' "\${p#/}"; fi; done <"$k/paths" >"$k/there"
while IFS= read -r p; do [ ! -d "/$p" ] || [ -L "/$p" ] || find "/$p" -type d -exec stat -c '%a %u:%g %n' {} +; done <"$k/there" >>"$k/folders"
tar -C / -cpf "$k/files.tar" -T "$k/there" 2>/dev/null; }
umask 077; mkdir -p "$d" && chmod 0700 "$d" && mkdir "$g" || exit 1
{ ${sh.all(parts.map(keepPart))}
} && printf '%s\\n' ${undoText(parts.map(({ part }) => part))} >"$g/undo" || { echo 'lockstep: what the change touches could not be kept for the case that it locks us out' >&2; rm -rf "$g"; rmdir "$d" 2>/dev/null; exit 1; }
: >"$g/armed"
if [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] && systemd-run --quiet --collect --unit=lockstep-guard-${id} --on-active=${seconds} --timer-property=AccuracySec=100ms /bin/sh "$g/undo" >/dev/null 2>&1; then :
else ( exec 9>&-; setsid sh -c 'echo $$ >"$0/pid"; sleep "$1"; exec sh "$0/undo"' "$g" ${seconds} ) >/dev/null 2>&1 </dev/null & fi
)`
}

/**
 * The way in is proven: the change stands. Says `UNDONE` when the host was faster. What a service has yet to read (`isRead` is
 * false) stays kept as it was before.
 */
export function endGuard({ id, parts }: Guard, isRead: boolean): Command {
  const later = parts.flatMap(({ part }) => (READ_LATER.includes(part) ? [part] : []))
  const ends = later.map((part) =>
    isRead ? sh`rm -rf "$d/proven-"${part}` : sh`[ -d "$d/proven-"${part} ] || mv "$g/"${part} "$d/proven-"${part}`,
  )
  return sh`( ${FOLDER}
g=$d/guard-${id}
mv "$g/armed" "$g/off" 2>/dev/null || exit ${UNDONE}
${stopTimer(id)}
${sh.all(ends)}
rm -rf "$g"; rmdir "$d" 2>/dev/null; : )`
}

/** Undoes the change now. */
export function undoNow({ id }: Guard): Command {
  return sh`( ${FOLDER}
g=$d/guard-${id}
[ ! -e "$g/armed" ] || sh "$g/undo"
${stopTimer(id)}
i=0; while [ -e "$g" ] && [ $i -lt 100 ]; do i=$((i + 1)); sleep 0.1; done
rm -rf "$g"; rmdir "$d" 2>/dev/null; : )`
}

/**
 * Undoes what an earlier run has left on trial, and says `undone` in a line: nobody will prove it any more, and its timer would undo it
 * in the middle of this run or after it. A line `unread` tells that an earlier run has kept what was before a configuration.
 */
export const undoStanding: Command = sh`[ ! -d /var/lib/lockstep ] && [ ! -d "\${XDG_STATE_HOME:-$HOME/.local/state}/lockstep" ] || ( ${FOLDER}
for g in "$d"/guard-*; do
[ -d "$g" ] || continue
if [ -e "$g/armed" ]; then echo undone; sh "$g/undo" >/dev/null; fi
if [ -s "$g/pid" ]; then kill -- "-$(cat "$g/pid")" 2>/dev/null; else systemctl stop "lockstep-guard-\${g##*/guard-}.timer" 2>/dev/null; fi
i=0; while [ -e "$g" ] && [ ! -e "$g/off" ] && [ $i -lt 100 ]; do i=$((i + 1)); sleep 0.1; done
rm -rf "$g"
done
for p in "$d"/proven-*; do [ ! -d "$p" ] || { echo unread; break; }; done
rmdir "$d" 2>/dev/null; : )`

/** Forgets what was kept of configurations that nothing has read, once nothing is owed that would have them read. */
export const forgetProven: Command = sh`( ${FOLDER}
[ -d "$d/debts" ] || rm -rf "$d"/proven-*; rmdir "$d" 2>/dev/null; : )`

function stopTimer(id: string): Command {
  return sh`if [ -s "$g/pid" ]; then kill -- "-$(cat "$g/pid")" 2>/dev/null; else systemctl stop lockstep-guard-${id}.timer 2>/dev/null; fi; :`
}

/** What is kept of a part beside its files. */
const KEEP: Readonly<Record<WayIn, Command>> = {
  firewall: sh`for t in iptables ip6tables; do if command -v "$t-save" >/dev/null 2>&1; then "$t-save" >"$g/$t" 2>/dev/null; fi; done; :`,
  sshd: keepUnits(SSH_UNITS),
  keys: sh`:`,
  become: sh`:`,
  account: sh`:`,
  network: sh`${keepUnits(NETWORK_UNITS)}; ip -o addr show scope global >"$g/addresses" 2>/dev/null; ip -4 route show >"$g/routes4" 2>/dev/null; ip -6 route show >"$g/routes6" 2>/dev/null; :`,
}

function keepPart({ part, paths, folders }: Guard['parts'][number]): Command {
  const above = [...new Set(folders)]
  return sh`keep "$g/"${part} ${[...new Set([...PATHS[part], ...paths])]} && { ${KEEP[part]}
} && { for p in ${above}; do [ ! -d "$p" ] || stat -c '%a %u:%g %n' "$p"; done >>"$g/"${part}/folders
}`
}

function keepUnits(units: readonly string[]): Command {
  return sh`for u in ${units}; do if systemctl is-active --quiet "$u" 2>/dev/null; then printf '%s\\n' "$u"; fi; done >>"$g/units"; :`
}

/** What brings everything back; it claims its turn, so that it never runs twice or after the change was proven. */
function undoText(parts: readonly WayIn[]): string {
  return [
    `g=\${0%/*}; d=\${g%/*}; mv "$g/armed" "$g/undoing" 2>/dev/null || exit 0`,
    UNDO_FILES,
    ...parts.map((part) => `back "$g/${part}"; [ ! -d "$d/proven-${part}" ] || back "$d/proven-${part}"`),
    ...(parts.includes('firewall') ? [UNDO_FIREWALL] : []),
    ...(parts.includes('sshd') || parts.includes('network') ? [UNDO_UNITS] : []),
    ...(parts.includes('network') ? [UNDO_NETWORK] : []),
    `command -v logger >/dev/null 2>&1 && logger -t lockstep 'a change would have cut off the way in and was undone'`,
    `rm -rf "$g" ${parts.map((part) => `"$d/proven-${part}"`).join(' ')}; rmdir "$d" 2>/dev/null; :`,
  ].join('\n')
}

/**
 * Unpacked beside first, whole or not at all; then each file that differs goes back to what it was, by one rename, what was not
 * there goes, and folders get their owner and mode back.
 */
const UNDO_FILES = `put() {
[ ! -L "$1" ] && [ -f "$2" ] && [ ! -L "$2" ] && cmp -s "$1" "$2" && [ "$(stat -c '%a %u %g' "$1")" = "$(stat -c '%a %u %g' "$2")" ] && return 0
mkdir -p "\${2%/*}"; touch -r "\${2%/*}" "$g/stamp"
rm -f -- "$2.lockstep-old"; cp -a "$1" "$2.lockstep-old" && mv -fT -- "$2.lockstep-old" "$2"
touch -r "$g/stamp" "\${2%/*}"
}
back() {
mkdir "$1/old" && tar -C "$1/old" -xpf "$1/files.tar" || return 1
while IFS= read -r p; do
if [ -d "$1/old$p" ] && [ ! -L "$1/old$p" ]; then
mkdir -p "$p"
find "$p" ! -type d | while IFS= read -r f; do [ -e "$1/old$f" ] || [ -L "$1/old$f" ] || rm -f -- "$f"; done
( cd "$1/old" && find ".$p" ! -type d ) | while IFS= read -r f; do put "$1/old/\${f#./}" "/\${f#./}"; done
elif [ -e "$1/old$p" ] || [ -L "$1/old$p" ]; then put "$1/old$p" "$p"
else rm -f -- "$p"; fi
done <"$1/paths"
while read -r mode owner p; do
[ -d "$p" ] || mkdir -p "$p"
[ "$(stat -c '%a %u:%g' "$p")" = "$mode $owner" ] || { chown "$owner" "$p"; chmod "$mode" "$p"; }
done <"$1/folders"
}`

/** A table that was not there before is emptied, since what was kept does not name it. */
const UNDO_FIREWALL = `for t in iptables ip6tables; do
[ -e "$g/$t" ] || continue
for table in filter nat mangle raw; do
if ! grep -q "^\\*$table\\$" "$g/$t" && "$t-save" -t "$table" 2>/dev/null | grep -q '^-A'; then
[ "$table" != filter ] || for c in INPUT OUTPUT FORWARD; do "$t" -P "$c" ACCEPT; done
"$t" -t "$table" -F; "$t" -t "$table" -X
fi
done
"$t-restore" <"$g/$t"
done`

const UNDO_UNITS = `while IFS= read -r u; do
systemctl unmask "$u" >/dev/null 2>&1
systemctl reload-or-restart "$u" || { systemctl reset-failed "$u"; systemctl restart "$u"; }
done <"$g/units"`

const UNDO_NETWORK = `while read -r _ device family address _; do
ip link set dev "$device" up; ip addr replace "$address" dev "$device"
done <"$g/addresses"
for v in 4 6; do while IFS= read -r route; do ip "-$v" route replace $route; done <"$g/routes$v"; done 2>/dev/null`
