import { type Static, Type } from '@sinclair/typebox'
import { defineAction } from '../../engine/resource/action.ts'
import { Arg } from '../../engine/resource/arguments.ts'
import { type Command, sh } from '../../engine/resource/command.ts'
import { isAnsweredWith } from '../curl.ts'
import { servedCertificate } from '../openssl/tls-wire.ts'
import { addressOf, apiArgs, askConsul, forbidden, secondsOf, shortened, together } from './consul-api.ts'

const args = Arg.object(
  {
    ...apiArgs,
    cert: Type.Optional(
      Arg.path({ description: 'The certificate of the agent; its key must match before anything is reloaded.' }),
    ),
    key: Type.Optional(Arg.path({ description: 'The key of the agent.' })),
    probe: Type.Optional(
      Arg.choice(['rpc', 'https', 'none'], {
        description:
          'Where the certificate must be served afterwards: on the RPC port of a server, or on the HTTPS port of an agent; rpc by default when `cert` is given.',
      }),
    ),
    port: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 65535, description: 'That port; 8300 by default, or 8501 for https.' }),
    ),
    restore: Type.Optional(
      Type.Array(
        Arg.object({
          path: Arg.path({ description: 'File or link that the agent reads.' }),
          from: Arg.path({ description: 'What it was before; it is copied back when anything goes wrong.' }),
        }),
        { minItems: 1, maxItems: 20, description: 'How to go back: Consul drops its services when a reload fails.' },
      ),
    ),
  },
  { allOf: [together('cert', 'key')] },
)

type Want = Static<typeof args>

/** Has a Consul agent read its configuration anew, by its API, which tells what went wrong where a signal does not. */
export const consulReload = defineAction({
  name: 'consul-reload',
  summary: 'Has a Consul agent read its configuration anew, sees what it then serves, and goes back when that fails.',
  args,
  examples: [
    `- consul-reload: {}
- consul-reload: { cert: /run/example-consul/cert.pem, key: /run/example-consul/key.pem }
`,
  ],
  certain: true,

  decide: (want) => ({ due: true, what: `has the Consul agent at ${addressOf(want)} read its configuration anew` }),

  run: reloadCommand,

  terse: true,

  seconds: (want) => 2 * secondsOf(want) + 3 * SERVED_WITHIN + 10,

  conclude(_, { code, stdout, stderr }) {
    const [, ended = '', serial = ''] = /^lockstep-reload (\w+) ([0-9A-F]*)$/m.exec(stdout.toString('latin1')) ?? []
    const result = { restored: ended === 'restored', serial }
    if (code === 0) return { changed: true, result }
    const reason = shortened(stderr.toString('utf8')).replace(/^lockstep: /, '') || `it ended with exit code ${code}`
    return { changed: true, result, failure: reason, ...(HINTS[ended] === undefined ? {} : { hint: HINTS[ended] }) }
  },
})

/** How a reload that failed has left the agent. */
const HINTS: Readonly<Record<string, string>> = {
  untold: 'the agent was not told to reload, and goes on with what it has read before',
  kept: 'the earlier files are back; the agent was not told to reload',
  restored: 'the earlier files are back and in use',
  lost: 'mend the files and reload: after a failed reload the services of the agent are not registered',
}

/** Seconds until what was reloaded is served: measured less than one. */
const SERVED_WITHIN = 10

function reloadCommand(want: Want): Command {
  const {
    cert,
    key,
    probe = cert === undefined ? 'none' : 'rpc',
    port = probe === 'https' ? 8501 : 8300,
    restore = [],
  } = want
  const place = { address: undefined, port, isRpc: probe === 'rpc', serverName: 'localhost', ca: undefined }
  const served =
    cert === undefined || probe === 'none'
      ? sh`:`
      : sh`i=0; until [ "$(${servedCertificate(place, 3)} 2>/dev/null | openssl x509 -noout -fingerprint -sha256 2>/dev/null)" = "$print" ]; do
i=$((i + 1)); [ "$i" -lt ${SERVED_WITHIN * 2} ] || { r="the agent has read its configuration, and port ${port} does not serve the certificate of ${cert}"; return 1; }
sleep 0.5; done`
  const files =
    cert === undefined || key === undefined
      ? sh`:`
      : sh`print=$(openssl x509 -in ${cert} -noout -fingerprint -sha256 2>/dev/null) || { r=${`${cert} holds no certificate`}; return 1; }
serial=$(openssl x509 -in ${cert} -noout -serial 2>/dev/null); serial=\${serial#serial=}
own=$(openssl pkey -in ${key} -passin pass: -pubout 2>/dev/null) || { r=${`${key} holds no key that can be read`}; return 1; }
[ "$own" = "$(openssl x509 -in ${cert} -noout -pubkey 2>/dev/null)" ] || { r=${`the key ${key} does not belong to the certificate ${cert}`}; return 1; }`
  const back = restore.map(({ path, from }) => backTo(path, from))
  return sh`r=; print=; serial=; kept=
files() { ${files}
}
reload() { a=$(${askConsul(want, [{ path: 'agent/reload', method: 'PUT' }])}
) || { r="the agent was not to be told to reload"; return 1; }
${isAnsweredWith(200)} && return
if ${isAnsweredWith(403)}; then kept=1; r=${`the agent was not told to reload: ${forbidden('agent:write')}`}
else r="the agent refuses its configuration: $(printf '%s\\n' "$a" | sed '$d' | head -c 1000 | tr '\\n' ' ')"; fi
return 1; }
served() { ${served}
}
back() { [ ${restore.length} -gt 0 ] || return 1
${back.length === 0 ? sh`:` : sh.all(back)}
}
files || { why=$r; e=untold; if back; then e=kept; fi; echo "lockstep-reload $e"' '; echo "lockstep: $why" >&2; exit 1; }
reload && served || { why=$r; e=lost; if [ -n "$kept" ]; then e=untold; if back; then e=kept; fi
elif back && reload; then e=restored; fi; echo "lockstep-reload $e"' '; echo "lockstep: $why" >&2; exit 1; }
echo "lockstep-reload done $serial"`
}

/** A file or a link as it was, put in the other's place at once. */
function backTo(path: string, from: string): Command {
  return sh`t=${`${path}.lockstep-restore`}; rm -f -- "$t"; cp -a -T -- ${from} "$t" && mv -fT -- "$t" ${path} || { rm -f -- "$t"; false; }`
}
