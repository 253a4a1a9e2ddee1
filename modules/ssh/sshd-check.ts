import { type Command, sh } from '../../engine/resource/command.ts'
import { partOfUnit } from '../../engine/resource/way-in.ts'

export const SSHD_CONFIG = '/etc/ssh/sshd_config'
export const SSHD_PARTS = '/etc/ssh/sshd_config.d'

/** What has to hold before sshd may read its configuration anew; nothing for other units. */
export function sshdCheckFor(unit: string): Command[] {
  if (partOfUnit(unit) !== 'sshd') return []
  return [
    sh`( [ -x /usr/sbin/sshd ] && [ -e ${SSHD_CONFIG} ] || exit 0
${runFolder}
said=$(/usr/sbin/sshd -t 2>&1) || { printf '%s\\n' "lockstep: sshd refuses its configuration: $said" >&2; exit 1; }
${namedFiles(sh`${SSHD_CONFIG} ${SSHD_PARTS}/*.conf`)}
)`,
  ]
}

/** sshd refuses to look at anything without /run/sshd, which is there only while it runs; it goes with the subshell. */
export const runFolder = sh`made=
trap '[ -z "$made" ] || rmdir /run/sshd' EXIT; trap 'exit 1' HUP INT TERM
if [ ! -d /run/sshd ]; then mkdir -m 0755 /run/sshd && made=1; fi`

/**
 * Files that sshd does not look at when it tests its configuration: without its RevokedKeys it lets no key in at all, and
 * without its TrustedUserCAKeys no certificate. See sshd_config(5).
 */
export function namedFiles(configuration: Command): Command {
  return sh`awk '{ sub(/^[ \t]+/, ""); n = split($0, w, /[ \t="]+/); k = tolower(w[1]) }
k == "revokedkeys" || k == "trustedusercakeys" { if (n > 1 && tolower(w[2]) != "none") print w[1] " " w[2] }' ${configuration} 2>/dev/null |
while read -r word file; do
bad=
if [ ! -f "$file" ] || [ ! -r "$file" ]; then bad='is not there'
else case $(head -c 6 <"$file") in
SSHKRL) ssh-keygen -Q -l -f "$file" >/dev/null 2>&1 || bad='is no list of revoked keys';;
'') [ "$word" != TrustedUserCAKeys ] || bad='holds no key';;
*) grep -q '^[^#]' <"$file" && { ssh-keygen -l -f "$file" >/dev/null 2>&1 || bad='holds something else than keys'; };;
esac; fi
[ -z "$bad" ] || { echo "lockstep: $word of sshd names $file, which $bad: nobody would be let in by it" >&2; exit 1; }
done`
}
