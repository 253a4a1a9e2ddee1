import { type Command, sh } from '../../engine/resource/command.ts'
import { runFolder } from './sshd-check.ts'

/** What sshd does for an account. */
export interface AccountRule {
  account: string
  /** File that RevokedKeys names; empty for none. */
  list: string
  /** Whether a certificate of some CA may open it. */
  takesCertificates: boolean
  /** Whether sshd asks a program for its keys. */
  asksProgram: boolean
}

/** A list of what is refused, as it is on the host. */
export interface RefusedList {
  path: string
  /** Undefined when it is no file that can be read. */
  content: Buffer | undefined
  /** Which of the keys that were asked for ssh-keygen calls revoked, by their place. */
  revoked: ReadonlySet<number>
}

/**
 * Which list of revoked keys sshd reads for each account, what is in it, and what `ssh-keygen -Q` says of public keys. Only sshd can tell what
 * holds for an account, so it is asked for each where a Match block stands. Lines have tabs between: `account`, name, list,
 * 1 for certificates, 1 for a program; `list`, path, base64; `revoked`, path, place of the key.
 */
export function refusedListsLook(keys: readonly string[]): Command {
  return sh`( PATH=$PATH:/usr/sbin:/sbin; d=$(mktemp -d) || exit 1
${runFolder}
trap 'rm -rf -- "$d"; [ -z "$made" ] || rmdir /run/sshd' EXIT
n=0; for key in ${keys}; do printf '%s\n' "$key" >"$d/key.$n"; n=$((n + 1)); done
each=
if grep -rhsiqE '^[[:space:]]*(match|include)[[:space:]=]' /etc/ssh/sshd_config.d || grep -siqE '^[[:space:]]*match[[:space:]=]' /etc/ssh/sshd_config; then each=1; fi
value() { sed -n "s/^$1 //p" "$d/all"; }
isNone() { case $1 in ''|none|None|NONE) return 0;; esac; return 1; }
getent passwd >"$d/passwd"
while IFS=: read -r user _ uid _ _ home _; do
case $user in ''|*[!A-Za-z0-9._-]*) continue;; esac
if [ -n "$each" ] || [ ! -e "$d/all" ]; then
sshd -T -C "user=$user,host=localhost,addr=127.0.0.1" >"$d/all" 2>/dev/null </dev/null || exit 1
fi
list=$(value revokedkeys); if isNone "$list"; then list=; fi
certificates=0; program=0
if ! isNone "$(value trustedusercakeys)"; then
principals=$(value authorizedprincipalsfile)
path=$(printf '%s\n' "$principals" | awk -v h="$home" -v u="$user" -v i="$uid" '{ s = ""
while ((p = index($0, "%")) > 0) { c = substr($0, p + 1, 1); s = s substr($0, 1, p - 1) (c == "h" ? h : c == "u" ? u : c == "U" ? i : c); $0 = substr($0, p + 2) }
print s $0 }')
case $path in /*);; *) path=$home/$path;; esac
if isNone "$principals" || [ -s "$path" ] || ! isNone "$(value authorizedprincipalscommand)"; then certificates=1; fi
fi
if ! isNone "$(value authorizedkeyscommand)"; then program=1; fi
printf 'account\t%s\t%s\t%s\t%s\n' "$user" "$list" "$certificates" "$program"
[ -z "$list" ] || printf '%s\n' "$list" >>"$d/lists"
done <"$d/passwd"
[ -e "$d/lists" ] || exit 0
sort -u "$d/lists" | while IFS= read -r list; do
printf 'list\t%s\t' "$list"
if [ -f "$list" ]; then head -c 8388608 -- "$list" | base64 -w 0; else printf '!'; fi
printf '\n'
at=0
while [ "$at" -lt "$n" ]; do
! ssh-keygen -Q -f "$list" "$d/key.$at" 2>/dev/null | grep -q ': REVOKED$' || printf 'revoked\t%s\t%s\n' "$list" "$at"
at=$((at + 1))
done
done )`
}

/** What the look has printed. */
export function refusedLists(text: string): { accounts: AccountRule[]; lists: RefusedList[] } {
  const rows = text.split('\n').map((line) => line.split('\t'))
  const accounts = rows.flatMap(([kind, account = '', list = '', certificates, program]) =>
    kind === 'account'
      ? [{ account, list, takesCertificates: certificates === '1', asksProgram: program === '1' }]
      : [],
  )
  const lists = rows.flatMap(([kind, path = '', content = '!']) =>
    kind === 'list'
      ? [
          {
            path,
            content: content === '!' ? undefined : Buffer.from(content, 'base64'),
            revoked: new Set(
              rows.flatMap(([other, of, at]) => (other === 'revoked' && of === path ? [Number(at)] : [])),
            ),
          },
        ]
      : [],
  )
  return { accounts, lists }
}
