import { out } from '../play.ts'
import { breakGlass, certificateOf, certificates, publicKeyOf } from './certificates.ts'
import { LOGIN_WAYS, loginVars, makeLoginKey } from './keys.ts'
import type { Rotation } from './rotation.ts'
import { HOSTS } from './stage.ts'

const LINES = 'No file lets their keys in'
const LIST = 'Their keys and certificates are on the list of what is refused'
const PROVEN = 'Proof: that was all, on this host'

/** Anna leaves, and has known the login key; what lets Bert in are other accounts' files and a certificate. */
export const leaving: Rotation = {
  playbook: 'playbooks/offboard.yml',
  what: 'somebody leaves',
  after: certificates,
  async prepare(stage) {
    await makeLoginKey(stage)
    const [anna, bert] = [publicKeyOf(stage, 'anna'), publicKeyOf(stage, 'bert')]
    await Promise.all(
      HOSTS.map(({ name }) =>
        out(
          name,
          `for user in anna deploy; do useradd -m -s /bin/sh $user && install -d -m 700 -o $user /home/$user/.ssh; done
          echo 'restrict,pty ${anna}' >/home/anna/.ssh/authorized_keys
          printf '%s\\n' 'no-pty ${anna}' '${bert}' >/home/deploy/.ssh/authorized_keys
          for user in anna deploy; do chown $user: /home/$user/.ssh/authorized_keys; done`,
        ),
      ),
    )
  },
  vars: (stage) => ({
    ...loginVars(stage),
    login_user: 'ops',
    login_key: stage.path('id'),
    person: 'anna',
    people: {
      anna: {
        keys: [publicKeyOf(stage, 'anna')],
        certificates: [{ ca: publicKeyOf(stage, 'ca/user_ca'), ids: ['anna'] }],
        accounts: ['anna'],
        secrets: ['login-key'],
      },
    },
    offboard_folder: stage.path('offboard'),
    break_glass_key: stage.path('ca/break-glass'),
    offboard_witnesses: [
      { name: 'Bert', user: 'deploy', key: stage.path('bert') },
      {
        ...{ name: 'Bert by certificate', user: 'ops', key: stage.path('bert') },
        certificate: stage.path('ca/users/bert-cert.pub'),
      },
    ],
  }),
  ways: [
    ...LOGIN_WAYS,
    breakGlass,
    { name: 'Bert', account: 'deploy', key: ({ path }) => path('bert') },
    { name: 'Bert by certificate', ...certificateOf('bert') },
    { name: 'Anna', account: 'anna', key: ({ path }) => path('anna'), until: LINES, refused: PROVEN },
    { name: 'Anna as another', account: 'deploy', key: ({ path }) => path('anna'), until: LINES, refused: PROVEN },
    { name: 'Anna by certificate', ...certificateOf('anna'), until: LIST, refused: PROVEN },
  ],
  dangers: [],
  folders: [],
}
