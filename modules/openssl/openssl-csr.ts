import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type Static, Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { read, textOf, tidy } from '../../engine/resource/read.ts'
import { type OwnedFileChange, ownedFileLegs, ownedFilePlan, ownedFileReads } from '../files/owned-file.ts'
import { opensslRead, publicKeyOf, publicKeyRead, publicKeyText, requireOpenssl } from './openssl-look.ts'
import { namesArg, namesFault, subjectArgs, subjectOf } from './subject.ts'
import { parseRequest, type Request } from './x509.ts'
import { canonicalNames, opensslNames, subjectOption, subjectText } from './x509-names.ts'

const args = Arg.object({
  key: Arg.path({ description: 'Path of the private key, as `openssl-key` makes it.' }),
  path: Type.Optional(
    Arg.path({ description: 'Path of the request; beside the key by default, with .csr in place of its ending.' }),
  ),
  ...subjectArgs,
  san: namesArg('DNS names and addresses that the certificate shall be for.'),
})

type Want = Static<typeof args>

type CsrChange =
  | (Change<'request', string> & { text: string; writer: string; mode: number })
  | Extract<OwnedFileChange, { kind: 'mode' }>

/** A request for a certificate. It holds nothing secret: it goes to whoever signs, and the key stays. */
export const opensslCsr = defineModule({
  name: 'openssl-csr',
  summary: 'A request for a certificate, made from a private key that stays where it is.',
  args,
  examples: [
    `- openssl-key: { path: /root/csr.key }
- openssl-csr: { key: /root/csr.key, cn: example, san: [example.test, 10.0.0.1] }
  register: request
- openssl-csr: { key: /root/csr.key, path: /root/other.csr, cn: other, subject: { o: Example } }`,
  ],
  sets: ['file'],
  touches: 'reads',

  resource: (want) => `file:${pathOf(want)}`,

  reads: (want) => ({
    ...ownedFileReads(pathOf(want)),
    key: publicKeyRead(tidy(want.key)),
    made: requestRead(want),
    tool: opensslRead,
  }),

  plan(want, have): Plan<CsrChange> {
    const path = pathOf(want)
    requireOpenssl(have.tool)
    const key = publicKeyOf(have.key)
    const made = parseRequest(have.made.stdout.toString('latin1'))
    if (!key || !made)
      throw new TaskFailure(
        `${want.key} is no key that can be read without a passphrase`,
        'make it with `openssl-key` before this task',
      )
    const old = parseRequest(textOf(have.file) ?? '')
    const fault = old ? faultOf(want, old, publicKeyText(key)) : 'is none'
    const kept = fault === undefined && old ? (textOf(have.file) ?? '') : made.pem
    const { changes, after = [] } = ownedFilePlan({ path, manageFolder: false }, kept, have)
    const from = have.file.type === 'absent' ? undefined : `a request that ${fault ?? 'belongs to another account'}`
    return {
      changes: changes.flatMap((change): CsrChange[] => {
        if (change.kind === 'mode') return [change]
        if (change.kind !== 'save') return []
        // The request itself is another each time that it is signed, and says nothing to people.
        return [{ ...change, kind: 'request', text: kept, from, to: inWords(want) }]
      }),
      after,
      result: { path, csr: fault === undefined && old ? old.pem : made.pem, public_key: publicKeyText(key) },
    }
  },

  apply: {
    request: ({ text, ...change }) => ownedFileLegs.save({ ...change, kind: 'save', to: text }),
    mode: ownedFileLegs.mode,
  },
})

function pathOf({ key, path }: Want): string {
  return tidy(path ?? `${key.replace(/\.(key|pem)$/, '')}.csr`)
}

/** What keeps a request from being the wanted one; undefined when it is. */
function faultOf(want: Want, request: Request, publicKey: string): string | undefined {
  if (publicKeyText(request.publicKey) !== publicKey) return 'belongs to another key'
  if (!isDeepStrictEqual(request.subject, subjectOf(want))) return `is for ${subjectText(request.subject)}`
  return namesFault(request.names, want.san ?? [])
}

function inWords({ cn, san = [], ...rest }: Want): string {
  const names = canonicalNames(san)
  return `${subjectText(subjectOf({ cn, ...rest }))}${names.length === 0 ? '' : ` for ${names.join(', ')}`}`
}

/** A request can be made at any time without changing anything, and so is known before it is written. Only openssl can sign it. */
function requestRead(want: Want) {
  const command = requestCommand(want)
  const hash = createHash('sha256').update(command.text).digest('hex').slice(0, 16)
  return read.raw(`openssl-request:${want.key}:${hash}`, command)
}

function requestCommand(want: Want): Command {
  const san = canonicalNames(want.san ?? [])
  const config = [
    ...['[req]', 'prompt = no', 'string_mask = utf8only', 'distinguished_name = subject'],
    ...(san.length === 0 ? [] : ['req_extensions = extensions']),
    '[subject]',
    ...(san.length === 0 ? [] : ['[extensions]', `subjectAltName = ${opensslNames(san)}`]),
  ].join('\n')
  const { key } = want
  const make = sh`openssl req -new -sha256 -config /dev/stdin -key ${key} -passin pass: -utf8 -subj ${subjectOption(subjectOf(want))} 2>/dev/null`
  return sh`if [ -f ${key} ] && [ ! -L ${key} ]; then ${sh.input(make, `${config}\n`)}; fi; :`
}
