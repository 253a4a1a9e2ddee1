import type { Change } from '../../engine/resource/change.ts'
import { type Command, octal, sh } from '../../engine/resource/command.ts'
import { inPrivateFolder } from '../files/private-folder.ts'
import { type KeyType, makeKey } from './openssl-key-type.ts'
import type { NamePart } from './x509.ts'
import { opensslNames, subjectOption } from './x509-names.ts'

/** A certificate to be signed. */
export interface Order {
  /** Folder of the CA that signs, and where the certificate goes. */
  issuer: string
  path: string
  /** A root signs itself. */
  isSelf: boolean
  subject: readonly NamePart[]
  names: readonly string[]
  /** Lines of a section of extensions; see x509v3_config(5). */
  extensions: readonly string[]
  digest: string
  days: number
  /** It ends no later than this, in seconds since 1970. */
  limit: number | undefined
  /** As the index has it. */
  name: string
  /** Whether a certificate that is there stays beside it. */
  keeps: boolean
}

export type SignChange =
  /** A CA of its own, with key and certificate. */
  | (Change<'make', string> & { dir: string; isNewFolder: boolean; type: KeyType; order: Order })
  /** A certificate; without a request, for the key of the CA in that folder itself. */
  | (Change<'sign', string> & { dir: string; csr: string | undefined; order: Order })
  /** The certificates above an intermediate CA. */
  | (Change<'above', string> & { text: string })
  | (Change<'mode', string> & { path: string })

/** Makes the folder, the key and the certificate of a CA; the key is in its place first, so that a broken try goes on from there. */
export function makeAuthority({ dir, isNewFolder, type, order }: Extract<SignChange, { kind: 'make' }>): Command[] {
  const folders = sh`{ [ -d ${dir} ] || mkdir -m 0700 -- ${dir}; } && chmod 00700 -- ${dir}`
  const script = sh`${makeKey(type, undefined)}
${requestOf(sh`"$t/key"`, order)}
${certificate(order, order.isSelf ? sh`"$t/key"` : undefined)}
sync -- "$t/key" 2>/dev/null || sync
mv -fT -- "$t/key" ${`${dir}/ca.key`} || exit 1
${install(order)}`
  return [...(isNewFolder ? [folders] : []), inPrivateFolder(`${dir}/ca.key`, script)]
}

/** Signs, notes it in the index, and puts the certificate into its place. */
export function sign({ dir, csr, order }: Extract<SignChange, { kind: 'sign' }>): Command {
  const key = sh`${`${dir}/ca.key`}`
  const request = csr === undefined ? requestOf(key, order) : sh`printf '%s' ${csr} >"$t/csr" || exit 1`
  return inPrivateFolder(
    `${dir}/ca.key`,
    sh`${request}
${certificate(order, order.isSelf ? key : undefined)}
${install(order)}`,
  )
}

function requestOf(key: Command, { subject }: Order): Command {
  const config = '[req]\nprompt = no\nstring_mask = utf8only\ndistinguished_name = subject\n[subject]\n'
  return sh`printf '%s' ${config} >"$t/request" || exit 1
openssl req -new -sha256 -config "$t/request" -key ${key} -passin pass: -utf8 -subj ${subjectOption(subject)} -out "$t/csr" || exit 1`
}

/** Five minutes that clocks may differ by. */
const BACKDATED_SECONDS = 300

/**
 * Leaves a certificate in `$t/cert` and its line of the index in `$t/line`. `openssl ca` is the only command that can set both
 * dates and the subject in OpenSSL 1.1.1 and 3.0 alike; its database is of no use here, and thrown away.
 */
function certificate(
  { issuer, subject, digest, days, limit, name, names, extensions }: Order,
  selfKey: Command | undefined,
): Command {
  const kinds = [
    'countryName',
    'stateOrProvinceName',
    'localityName',
    'organizationName',
    'organizationalUnitName',
    'commonName',
  ]
  const config = [
    ...['[ca]', 'default_ca = this', '[this]', 'database = $ENV::t/database', 'new_certs_dir = $ENV::t'],
    ...['serial = $ENV::t/serial', 'unique_subject = no', 'copy_extensions = none', 'policy = any', 'preserve = yes'],
    ...['string_mask = utf8only', 'email_in_dn = no', 'x509_extensions = extensions'],
    ...['[any]', ...kinds.map((kind) => `${kind} = optional`)],
    ...['[extensions]', ...extensions],
    ...(names.length === 0 ? [] : [`subjectAltName = ${opensslNames(names)}`]),
  ].join('\n')
  const by = selfKey
    ? sh`-selfsign -keyfile ${selfKey}`
    : sh`-keyfile ${`${issuer}/ca.key`} -cert ${`${issuer}/ca.pem`}`
  const entry = JSON.stringify({ name, subject: subjectOption(subject), san: names })
  const cut = limit === undefined ? sh`` : sh`[ "$end" -le ${limit} ] || end=${limit}`
  return sh`export t; printf '%s\n' ${config} >"$t/config" && : >"$t/database" || exit 1
serial=$(openssl rand -hex 16) && now=$(date +%s) || exit 1
end=$((now + ${days * 86400})); ${cut}
printf '%s\n' "$serial" >"$t/serial" || exit 1
openssl ca -batch -notext -utf8 -config "$t/config" ${by} -passin pass: -md ${digest} -in "$t/csr" -out "$t/cert" \\
-subj ${subjectOption(subject)} -startdate "$(date -u -d "@$((now - ${BACKDATED_SECONDS}))" +%Y%m%d%H%M%SZ)" \\
-enddate "$(date -u -d "@$end" +%Y%m%d%H%M%SZ)" 2>"$t/said" || { cat "$t/said" >&2; exit 1; }
printf '{"serial":"%s","not_after":"%s",%s\n' "$serial" "$(date -u -d "@$end" +%Y-%m-%dT%H:%M:%SZ)" ${entry.slice(1)} >"$t/line" || exit 1`
}

/** What was signed is noted before it is used: the index never lacks a certificate that is. */
function install({ issuer, path, keeps }: Order): Command {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const isBelow = folder.endsWith('/issued')
  const make = isBelow ? sh`{ [ -d ${folder} ] || mkdir -m 0700 -- ${folder}; } || exit 1` : sh``
  const keep = keeps ? sh`cp -pT --remove-destination -- ${path} ${`${path}.1`} || exit 1` : sh``
  return sh`${make}
cat "$t/line" >>${indexOf(issuer)} || exit 1
chmod ${octal(0o644)} -- "$t/cert" || exit 1
${keep}
sync -- "$t/cert" ${indexOf(issuer)} 2>/dev/null || sync
mv -fT -- "$t/cert" ${path}`
}

/** What a CA has signed, a line each. */
export function indexOf(issuer: string): string {
  return `${issuer}/issued.jsonl`
}
