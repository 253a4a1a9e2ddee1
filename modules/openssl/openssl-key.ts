import { octal, sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { tidy } from '../../engine/resource/read.ts'
import { asAccount } from '../files/owned-file.ts'
import { chmod, chown } from '../files/ownership.ts'
import { inPrivateFolder } from '../files/private-folder.ts'
import {
  faultsOf,
  type KeyChange,
  keepPlan,
  keyArgs,
  keyReads,
  makePlan,
  requireStrength,
  writerOf,
} from './openssl-key-plan.ts'
import { makeKey } from './openssl-key-type.ts'
import { publicKeyOf, requireOpenssl } from './openssl-look.ts'

/** A private key for TLS, made on the host that uses it. See openssl-genpkey(1). */
export const opensslKey = defineModule({
  name: 'openssl-key',
  summary: 'A private key for TLS, made on the host that uses it and never brought anywhere else.',
  args: keyArgs,
  examples: [
    `- openssl-key: { path: /root/example.key }
- openssl-key: { path: /root/example-rsa.key, type: rsa, size: 2048, group: adm, mode: "0640" }
- openssl-key: { path: /root/example-p384.key, type: ecdsa-p384, mode: "0400" }`,
  ],

  // It leaves `touches` at the whole host: what was asked of the old key, such as a request, has no other name to be forgotten by.
  resource: ({ path }) => `file:${tidy(path)}`,

  reads: keyReads,

  plan(want, have): Plan<KeyChange> {
    const { file } = have
    const path = tidy(want.path)
    requireOpenssl(have.tool)
    requireStrength(want)
    if (file.type !== 'absent' && file.type !== 'file')
      throw new TaskFailure(`${path} is not a file but a ${file.type}`, 'remove it, or choose another path')
    const place = { path, writer: writerOf(want, have) }
    if (file.type === 'absent') return makePlan(want, have, place, undefined)
    const key = publicKeyOf(have.key)
    const faults = key ? faultsOf(want, key) : ['cannot be read as a key without a passphrase']
    if (faults.length === 0 && key) return keepPlan(want, have, place, key)
    const fault = faults.join(' and ')
    if (want.replace) return makePlan(want, have, place, `a key that ${fault}`)
    throw new TaskFailure(
      `the key ${path} ${fault}`,
      'have a new one made with `replace: true`; the old one is kept beside it',
    )
  },

  apply: {
    make({ place: { path, writer }, mode, owner, group, keeps }, { type = 'ecdsa-p256', size }) {
      const own =
        owner === writer && group === undefined ? sh`` : sh`chown -- ${`${owner}:${group ?? ''}`} "$t/key" || exit 1`
      const keep = keeps ? sh`cp -pT --remove-destination -- ${path} ${`${path}.1`} || exit 1` : sh``
      const script = sh`${makeKey(type, size)}
${own}
chmod ${octal(mode)} -- "$t/key" || exit 1
sync -- "$t/key" 2>/dev/null || sync
${keep}
mv -fT -- "$t/key" ${path}`
      return asAccount(writer, inPrivateFolder(path, script))
    },
    owner: ({ path, to }) => chown(path, to),
    mode: ({ place, to }) => asAccount(place.writer, chmod(place.path, Number.parseInt(to ?? '', 8))),
  },
})
