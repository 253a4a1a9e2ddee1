import { sh } from '../../engine/resource/command.ts'
import { type RawRead, type RawState, read } from '../../engine/resource/read.ts'

/** A file that holds TLS certificates or a private key. */
export interface TlsFile {
  path: string
  kind: 'certificates' | 'private'
  mode: number
  owner: string
  /** Seconds since 1970 at which it was written last. */
  written: number
  /** The certificates in it; nothing of a private key. */
  text: string
}

/**
 * Certificates and private keys below folders, three levels deep, and in files; what a folder holds only a look can tell. A line has fields with a tab
 * between: kind, path, mode, owner, time, and in base64 the certificates. Of a file with both there is a line for each. A link to a file
 * counts as that file.
 */
export function tlsFilesRead(paths: readonly string[]): RawRead {
  return read.raw(
    `tls-files:${paths.join(':')}`,
    sh`( for place in ${paths}; do
[ -e "$place" ] || continue
find -L "$place" -maxdepth 3 -type f -size -512k ! -name '*[[:cntrl:]]*' 2>/dev/null
done | sort -u | while IFS= read -r file; do
what=$(stat -c '%a\t%U\t%Y' -- "$file") || continue
if grep -qE -e '^-----BEGIN ([A-Z]+ )?PRIVATE KEY-----' -- "$file" 2>/dev/null && ! grep -q -e '^-----BEGIN OPENSSH' -- "$file"; then printf 'private\t%s\t%s\t\n' "$file" "$what"; fi
if grep -q -e '^-----BEGIN CERTIFICATE-----' -- "$file" 2>/dev/null; then
printf 'certificates\t%s\t%s\t' "$file" "$what"
sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p' -- "$file" | base64 -w 0
printf '\n'
fi
done
: )`,
    { anything: true },
  )
}

export function tlsFiles({ stdout }: RawState): TlsFile[] {
  return stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      const [kind, path, mode = '', owner = '', written = '', text = ''] = line.split('\t')
      if (path === undefined || !(kind === 'private' || kind === 'certificates')) return []
      return {
        ...{ path, kind, owner },
        mode: Number.parseInt(mode, 8) || 0,
        written: Number(written) || 0,
        text: Buffer.from(text, 'base64').toString('latin1'),
      }
    })
}
