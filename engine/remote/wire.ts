import { quote } from '../resource/command.ts'
import type { Step } from './shell.ts'

/** Programs that the protocol and the reads build on; a host that lacks one is told so at once and not in the middle. */
export const REQUIRED_TOOLS = [
  'base64',
  'cat',
  'chmod',
  'chown',
  'head',
  'mkdir',
  'mv',
  'rm',
  'sha256sum',
  'stat',
] as const

/** An account and its primary group, by name. */
export interface Identity {
  account: string
  group: string
}

/** What a shell says about itself when it starts. */
export interface Hello {
  /** Whose shell it is; undefined when the host does not tell. */
  identity: Identity | undefined
  /** Process group of the shell and of its steps; undefined when the host does not tell. */
  group: number | undefined
  /** SSH_CONNECTION of the login: client address and port, server address and port. */
  sshConnection: string
  missingTools: string[]
}

/** Words on the marks that end the noise before the hello, and the hello itself. */
export const BEGIN = 'begin'
export const HELLO = 'hello 0'

/**
 * What is written first to a fresh shell. `__s` is for a step, `__S` for one in the session itself, `__f` for one that takes raw bytes
 * off the shell's own input (see docs/decisions/large-files.md for what keeps the shell from running them). Bash hands over to dash or busybox, which read a script in blocks and not byte
 * by byte (16 times cheaper); byte by byte is also why the rest of the input is still there for them.
 */
export function helloText(nonce: string): string {
  return `if [ -n "\${BASH_VERSION-}" ]; then
if command -v dash >/dev/null 2>&1; then exec dash -s "\${1-}"
elif busybox sh -c : >/dev/null 2>&1; then exec busybox sh -s "\${1-}"; fi; fi
__n=${nonce}; __bad=; unset ENV BASH_ENV HISTFILE; LC_ALL=C; PATH="\${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
export LC_ALL PATH; umask 022; cd /
__m() { printf '\\n%s %s\\n' "$__n" "$1"; printf '\\n%s %s\\n' "$__n" "$1" >&2; }
__s() {
case "$__bad " in *" $2 "*) __m "$1 skip"; return 0;; esac
( __t=$3; shift 3; eval "$__t" ) </dev/null 9>&-
__c=$?; [ "$__c" = 0 ] || [ "$2" = - ] || __bad="$__bad $2"
__m "$1 $__c"; }
__S() { { eval "$2"; } </dev/null; __m "$1 $?"; }
__f() {
( exec 6<&0 </dev/null 9>&-; eval "$4" || exit 1
__m "$1 ready"
{ head -c "$2" <&6 || kill -s KILL $$; } | ( __e=$(cat 2>&1 >&8) || { cat >/dev/null; e=\${__e%%'
'*}; eval "$5"; exit 13; } )
__c=$?; [ $__c != 0 ] || [ "$(stat -L -c %s /proc/self/fd/0 <&8)" = "$3" ] || __c=99
exit $__c )
__c=$?; case $__c in 0|1|13) __m "$1 $__c";; *) exit 1;; esac; }
__h() {
__p=; [ -r "/proc/$$/stat" ] && { read -r __p <"/proc/$$/stat"; __p=\${__p##*) }; }
set -- "\${1-}" $__p; printf 'group=%s\\nssh=%s\\nas=%s\\nmissing=' "\${4-}" "$1" "$(id -un 2>/dev/null):$(id -gn 2>/dev/null)"
for __t in ${REQUIRED_TOOLS.join(' ')}; do command -v "$__t" >/dev/null 2>&1 || printf '%s ' "$__t"; done; }
__m ${BEGIN}; __h "\${1-}"; __m '${HELLO}'
`
}

/** Reads what `helloText` has made the shell say. */
export function parseHello(output: Buffer): Hello {
  const text = output.toString('latin1')
  const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
  const group = Number(field('group'))
  const missing = field('missing')
  const [account = '', own = ''] = field('as').split(':')
  return {
    identity: account === '' ? undefined : { account, group: own || account },
    group: Number.isInteger(group) && group > 1 ? group : undefined,
    sshConnection: field('ssh'),
    missingTools: missing === '' ? [] : missing.split(' '),
  }
}

/** What a step that takes raw bytes says when it is ready for them, beside its number. */
export const READY = 'ready'

/** Groups are forgotten from one round to the next. */
export const ROUND_START = '__bad=\n'

/**
 * One step as the shell reads it: its text is a quoted word that a subshell evaluates, so that neither a syntax error nor
 * `exit`, `cd`, `set` or a trap in it reaches the shell of the session, nor its descriptor 9, which is for a lock.
 */
export function stepText(index: number, { script, group, inSession, input }: Step): string {
  if (input) return `__f ${index} ${input.size} ${input.from + input.size} ${quote(script)} ${quote(input.unwritten)}\n`
  return inSession ? `__S ${index} ${quote(script)}\n` : `__s ${index} ${group ?? '-'} ${quote(script)}\n`
}

/**
 * Ends a whole process group, politely and after two seconds for certain, and waits until it has. The spelling of kill is
 * the one that all shells take. A zombie counts as ended: kill itself would find it for as long as nobody collects it.
 */
export function killText(group: number): string {
  return `lives() {
for f in /proc/[0-9]*/stat; do
read -r s 2>/dev/null <"$f" || continue
set -- \${s##*) }
[ "$3" != ${group} ] || [ "$1" = Z ] || return 0
done 2>/dev/null
return 1; }
kill -s TERM -- -${group} 2>/dev/null
i=0; while lives; do
[ $i -lt 40 ] || kill -s KILL -- -${group} 2>/dev/null
[ $i -lt 80 ] || exit 0
i=$((i + 1)); sleep 0.05 2>/dev/null || { sleep 1; i=$((i + 19)); }; done`
}
