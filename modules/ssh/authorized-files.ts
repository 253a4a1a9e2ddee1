import { sh } from '../../engine/resource/command.ts'
import { type RawState, read } from '../../engine/resource/read.ts'

/** A file in which sshd looks for the keys of an account. */
export interface AuthorizedFile {
  path: string
  /** Account that can change a folder on the way, a link included, and so does the work there. */
  writer: string
  mode: number
  owner: string
  group: string
  text: string
  /** The accounts that it opens. */
  accounts: readonly string[]
}

/** What sshd lets keys in by. */
export interface KeySources {
  files: readonly AuthorizedFile[]
  /** Programs that sshd asks for keys (AuthorizedKeysCommand). */
  commands: readonly string[]
  /** Why a file cannot be changed safely, by path. */
  unsafe: ReadonlyMap<string, string>
}

/**
 * Every file that sshd reads for any account: which they are follows from accounts and Match blocks, so only sshd can tell, and no
 * list of reads; it is asked for each account only where a Match block may say something of keys. A line is `command NAME`, or
 * fields with a tab between: accounts, path, mode, owner, group, writer, base64 of the text.
 */
export const keySourcesRead = read.raw(
  'authorized-files',
  sh`( PATH=$PATH:/usr/sbin:/sbin; made=; d=$(mktemp -d) || exit 1
trap 'rm -rf -- "$d"; [ -z "$made" ] || rmdir /run/sshd' EXIT; trap 'exit 1' HUP INT TERM
command -v sshd >/dev/null 2>&1 || exit 0
[ -d /run/sshd ] || { mkdir -m 0755 /run/sshd 2>/dev/null && made=1; }
says() { grep -rhsiE "^[[:space:]]*$1[[:space:]]" /etc/ssh/sshd_config /etc/ssh/sshd_config.d; }
each=
if says match >/dev/null && { says 'authorizedkeys(file|command)' || says include | grep -v 'sshd_config.d/[*].conf'; } >/dev/null; then each=1; fi
getent passwd | while IFS=: read -r user _ uid _ _ home _; do
case $user in ''|*[!A-Za-z0-9._-]*) continue;; esac
if [ -n "$each" ] || [ ! -e "$d/all" ]; then
sshd -T -C "user=$user,host=localhost,addr=127.0.0.1" >"$d/all" 2>/dev/null || exit 1
fi
sed -n 's/^authorizedkeyscommand //p' "$d/all" | grep -vix none >>"$d/commands"
for file in $(sed -n 's/^authorizedkeysfile //p' "$d/all"); do
[ "$file" != none ] || continue
path=$(printf '%s\n' "$file" | awk -v h="$home" -v u="$user" -v i="$uid" '{ s = ""
while ((p = index($0, "%")) > 0) { c = substr($0, p + 1, 1); s = s substr($0, 1, p - 1) (c == "h" ? h : c == "u" ? u : c == "U" ? i : c); $0 = substr($0, p + 2) }
print s $0 }')
case $path in /*);; *) path=$home/$path;; esac
printf '%s\t%s\n' "$path" "$user"
done
done >"$d/files" || exit 1
[ ! -s "$d/commands" ] || sort -u "$d/commands" | sed 's/^/command /'
cut -f 1 "$d/files" | sort -u | while IFS= read -r path; do
[ -e "$path" ] || [ -L "$path" ] || continue
folder=$path; writer=root
while folder=\${folder%/*}; [ -n "$folder" ]; do
o=$(stat -c %U -- "$folder") || break
[ "$o" = root ] || { writer=$o; break; }
done
kind=$(stat -c %F -- "$path"); [ -L "$path" ] && kind=link
printf '%s\t%s\t%s\t%s\t%s\t%s\t' "$(awk -F '\\t' -v p="$path" '$1 == p { printf "%s%s", n++ ? "," : "", $2 }' "$d/files")" "$path" "$(stat -c %a -- "$path")" "$(stat -c %U -- "$path")" "$(stat -c %G -- "$path")" "$writer"
case $kind in regular*) head -c 8388608 -- "$path" | base64 -w 0;; *) printf '!%s' "$kind";; esac
printf '\n'
done )`,
  { anything: true },
)

export function keySources({ stdout }: RawState): KeySources {
  const files: AuthorizedFile[] = []
  const commands: string[] = []
  const unsafe = new Map<string, string>()
  for (const line of stdout.toString('utf8').split('\n')) {
    const program = /^command (.+)$/.exec(line)?.[1]
    if (program !== undefined) commands.push(program)
    const [accounts, path, mode, owner = '', group = '', writer = 'root', text] = line.split('\t')
    if (program !== undefined || accounts === undefined || path === undefined || text === undefined) continue
    if (text.startsWith('!')) unsafe.set(path, text.slice(1))
    else
      files.push({
        ...{ path, owner, group, writer, accounts: accounts.split(',') },
        mode: Number.parseInt(mode ?? '', 8) || 0,
        text: Buffer.from(text, 'base64').toString('utf8'),
      })
  }
  return { files, commands, unsafe }
}
