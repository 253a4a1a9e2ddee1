import { sh } from '../../engine/resource/command.ts'
import { type RawState, read } from '../../engine/resource/read.ts'

/** A file that holds a key, a certificate or CAs. */
export interface KeyFile {
  path: string
  kind: 'private' | 'public' | 'authorities'
  mode: number
  owner: string
  /** Seconds since 1970 at which it was written last. */
  written: number
  /** What is in it; of a private key without its public half beside it, what `ssh-keygen -l` says. */
  text: string
}

/**
 * Keys and certificates of sshd and of all accounts, and the CAs that sshd trusts: where they lie follows from the accounts and from
 * sshd's configuration, so that no list of reads can name them. A line has fields with a tab between: kind, path, mode, owner,
 * time, and in base64 the text of what is public.
 */
export const keyFilesRead = read.raw(
  'key-files',
  sh`( PATH=$PATH:/usr/sbin:/sbin
tell() { printf '%s\t%s\t%s\t' "$1" "$2" "$(stat -c '%a\t%U\t%Y' -- "$2")"
if [ "$1" != private ]; then head -c 65536 -- "$2" | base64 -w 0
elif [ ! -e "$2.pub" ]; then SSH_ASKPASS_REQUIRE=never ssh-keygen -l -f "$2" </dev/null 2>/dev/null | head -n 1 | base64 -w 0; fi
printf '\n'; }
{ echo /etc/ssh; getent passwd | cut -d : -f 6 | sort -u | sed 's,$,/.ssh,'; } | while IFS= read -r folder; do
[ -d "$folder" ] || continue
find "$folder" -maxdepth 1 -type f -size -64k ! -name '*[[:cntrl:]]*' | sort | while IFS= read -r file; do
case $(head -c 80 -- "$file" | tr -d '\\000' | head -n 1) in
-----BEGIN*'PRIVATE KEY-----'*) tell private "$file";;
ssh-*|ecdsa-*|sk-*) case $file in *.pub) tell public "$file";; esac;;
esac
done
done
sshd -T 2>/dev/null | sed -n 's/^trustedusercakeys //p' | while IFS= read -r file; do [ ! -f "$file" ] || tell authorities "$file"; done
: )`,
  { anything: true },
)

export function keyFiles({ stdout }: RawState): KeyFile[] {
  return stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const [kind, path, mode = '', owner = '', written = '', text = ''] = line.split('\t')
      if (path === undefined || !(kind === 'private' || kind === 'public' || kind === 'authorities')) return []
      return {
        ...{ path, kind, owner },
        mode: Number.parseInt(mode, 8) || 0,
        written: Number(written) || 0,
        text: Buffer.from(text, 'base64').toString('utf8'),
      }
    })
}
