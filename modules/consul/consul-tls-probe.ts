import { type Static, Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { certificateIn, parseTries, type TlsTry, type Tried, tryTls } from '../openssl/tls-wire.ts'
import { shortened, together } from './consul-api.ts'

const ends = ['accepted', 'refused'] as const

const args = Arg.object(
  {
    address: Type.Optional(
      Type.String({
        pattern: '^[^\\s-]\\S*$',
        description:
          'Where the server is, as the host sees it; the address that the port is listened on when left out.',
      }),
    ),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535, description: 'Port of the RPC; 8300 by default.' })),
    server_name: Type.String({
      pattern: '^[\\w.-]+$',
      description: 'Name that the certificate must be for, as in server.nyc2.consul.',
    }),
    cert: Type.Optional(Arg.path({ description: 'File on the host with the certificate that `identity` shows.' })),
    key: Type.Optional(Arg.path({ description: 'File on the host with its key.' })),
    foreign_cert: Type.Optional(
      Arg.path({
        description: 'File on the host with the certificate of another authority; one made on the spot when left out.',
      }),
    ),
    foreign_key: Type.Optional(Arg.path({ description: 'File on the host with its key.' })),
    timeout: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 60, description: 'Seconds that a handshake may take; 5 by default.' }),
    ),
    expect: Arg.object(
      {
        plaintext: Type.Optional(
          Arg.choice(['open', 'closed'], { description: 'What becomes of a connection without TLS.' }),
        ),
        identity: Type.Optional(
          Arg.object(
            {
              ca: Arg.path({ description: 'File on the host with the authorities that must have signed it.' }),
              serial: Type.Optional(
                Type.String({
                  pattern: '^[0-9A-Fa-f:]+$',
                  description: 'Serial number of the certificate, in hexadecimal.',
                }),
              ),
              issuer: Type.Optional(Type.String({ minLength: 1, description: 'Common name of its issuer.' })),
            },
            { description: 'The certificate that is served, and that a client with `cert` is accepted.' },
          ),
        ),
        without_certificate: Type.Optional(
          Arg.choice(ends, { description: 'What becomes of a client that shows no certificate.' }),
        ),
        foreign_certificate: Type.Optional(
          Arg.choice(ends, { description: 'What becomes of a client whose certificate another authority has signed.' }),
        ),
      },
      { minProperties: 1, description: 'What is tried, and what must come of it.' },
    ),
  },
  {
    allOf: [together('cert', 'key'), together('foreign_cert', 'foreign_key')],
  },
)

type Want = Static<typeof args>

/** How the RPC port of a Consul server treats those who come with TLS, and those who come without. */
export const consulTlsProbe = defineAction({
  name: 'consul-tls-probe',
  summary:
    'How the RPC port of a Consul server treats clients: in clear, with a certificate, without one, with a foreign one.',
  args,
  examples: [
    `- consul-tls-probe:
    server_name: server.nyc2.consul
    cert: /run/example-consul/cert.pem
    key: /run/example-consul/key.pem
    expect:
      plaintext: closed
      identity: { ca: /run/example-consul/ca.pem, serial: "10:01", issuer: example ca }
      without_certificate: refused
      foreign_certificate: refused
- consul-tls-probe:
    address: 127.0.0.1
    server_name: server.nyc2.consul
    expect: { without_certificate: refused }
`,
  ],
  looks: true,

  decide: ({ expect }) => ({ due: true, what: `tries ${Object.keys(expect).join(', ')} on the RPC port` }),

  run(want) {
    const { address, port = 8300, server_name, expect, timeout = 5 } = want
    return tryTls(
      { address, port, isRpc: true, serverName: server_name, ca: expect.identity?.ca },
      triesOf(want),
      timeout,
    )
  },

  terse: true,

  seconds: ({ timeout = 5 }) => 2 * timeout + 10,

  conclude(want, { code, stdout, stderr }) {
    const tried = parseTries(stdout)
    if (code !== 0) {
      const said = shortened(stderr.toString('utf8')).replace(/^lockstep: /, '')
      const verdict = `the RPC port could not be tried: ${said || `exit code ${code}`}`
      return { changed: false, failure: verdict, result: { passed: false, verdict } }
    }
    const seen = {
      plaintext: tried.has('plaintext') ? (tried.get('plaintext')?.isClosed ? 'closed' : 'open') : '',
      without_certificate: endOf(tried.get('without_certificate')),
      foreign_certificate: endOf(tried.get('foreign_certificate')),
      identity: identityOf(tried.get('identity')),
    }
    const complaints = complaintsOf(want, seen)
    const verdict = complaints[0] ?? 'the RPC port treats clients as expected'
    const result = { passed: complaints.length === 0, verdict, ...seen }
    return { changed: false, result, ...(complaints.length === 0 ? {} : { failure: complaints.join('; ') }) }
  },
})

interface Seen {
  plaintext: string
  without_certificate: string
  foreign_certificate: string
  identity: ReturnType<typeof identityOf>
}

function triesOf({ expect, cert, key, foreign_cert, foreign_key }: Want): TlsTry[] {
  const tries: TlsTry[] = []
  if (expect.plaintext !== undefined) tries.push({ name: 'plaintext' })
  if (expect.identity) tries.push(cert && key ? { name: 'identity', cert, key } : { name: 'identity' })
  if (expect.without_certificate !== undefined) tries.push({ name: 'without_certificate' })
  if (expect.foreign_certificate !== undefined) {
    const own = foreign_cert && foreign_key ? { cert: foreign_cert, key: foreign_key } : {}
    tries.push({ name: 'foreign_certificate', ...own })
  }
  return tries
}

/** `no-tls` when nobody there has shown a certificate; `untried` when openssl has not even connected, as with a file that it cannot read. */
function endOf(tried: Tried | undefined): string {
  if (tried === undefined) return ''
  if (!certificateIn(tried.said)) return /^CONNECTED/m.test(tried.said) ? 'no-tls' : 'untried'
  return tried.isClosed || !/^SSL handshake has read/m.test(tried.said) ? 'refused' : 'accepted'
}

function identityOf(tried: Tried | undefined) {
  const certificate = certificateIn(tried?.said ?? '')
  const [, number, reason] = /Verify return code: (\d+) \(([\w ,'-]{1,100})\)/.exec(tried?.said ?? '') ?? []
  return {
    end: endOf(tried),
    serial: certificate?.serialNumber ?? '',
    issuer: shortened(/(?:^|\n)CN=(.*)/.exec(certificate?.issuer ?? '')?.[1] ?? ''),
    subject: shortened(/(?:^|\n)CN=(.*)/.exec(certificate?.subject ?? '')?.[1] ?? ''),
    names: shortened(certificate?.subjectAltName ?? ''),
    not_after: certificate ? new Date(certificate.validTo).toISOString() : '',
    trusted: number === '0',
    distrust: number === '0' ? '' : (reason ?? ''),
  }
}

function complaintsOf({ expect, server_name }: Want, seen: Seen): string[] {
  const complaints: string[] = []
  if (expect.plaintext !== undefined && expect.plaintext !== seen.plaintext) {
    complaints.push(`a connection in clear ${seen.plaintext === 'open' ? 'stays open' : 'is closed'}`)
  }
  if (expect.identity) complaints.push(...identityComplaints(expect.identity, seen.identity, server_name))
  for (const [name, client] of [
    ['without_certificate', 'a client without a certificate'],
    ['foreign_certificate', 'a client with a foreign certificate'],
  ] as const) {
    const wanted = expect[name]
    if (wanted === undefined || wanted === seen[name]) continue
    const untried = `the port was not tried with ${client}`
    if (seen[name] === '' || seen[name] === 'untried') complaints.push(untried)
    else
      complaints.push(seen[name] === 'no-tls' ? `the port speaks no TLS with ${client}` : `${client} is ${seen[name]}`)
  }
  return complaints
}

function identityComplaints(
  { serial, issuer }: { serial?: string; issuer?: string },
  seen: Seen['identity'],
  serverName: string,
): string[] {
  if (seen.end === 'untried')
    return ['openssl could not try the port: are the files of `ca`, `cert` and `key` there, and whole?']
  if (seen.end === 'no-tls' || seen.end === '') return ['the port speaks no TLS']
  const bare = (number: string) =>
    number
      .replaceAll(':', '')
      .replace(/^0+(?=.)/, '')
      .toUpperCase()
  return [
    ...(serial !== undefined && bare(serial) !== bare(seen.serial)
      ? [`the certificate served has the serial ${seen.serial}, not ${serial}`]
      : []),
    ...(issuer !== undefined && issuer !== seen.issuer
      ? [`the certificate served is issued by ${seen.issuer}, not by ${issuer}`]
      : []),
    ...(seen.trusted
      ? []
      : [`the certificate served is not to be trusted for ${serverName}: ${seen.distrust || 'it was not verified'}`]),
    ...(seen.end === 'accepted' ? [] : [`a client with the certificate of \`identity\` is ${seen.end}`]),
  ]
}
