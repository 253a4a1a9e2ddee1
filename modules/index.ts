import type { AnyAction } from '../engine/resource/action.ts'
import type { AnyModule } from '../engine/resource/module.ts'
import { authorizedKey } from './authorized-key.ts'
import { blockInFile } from './block-in-file.ts'
import { copy } from './copy.ts'
import { fetch } from './fetch.ts'
import { file } from './file.ts'
import { group } from './group.ts'
import { iptablesChain } from './iptables-chain.ts'
import { jsonFile } from './json-file.ts'
import { keygen } from './keygen.ts'
import { knownHosts } from './known-hosts.ts'
import { lineInFile } from './line-in-file.ts'
import { packages } from './package.ts'
import { sshHostKey } from './ssh-host-key.ts'
import { sshdConfig } from './sshd-config.ts'
import { sysctl } from './sysctl.ts'
import { systemd } from './systemd.ts'
import { systemdUnits } from './systemd-units.ts'
import { template } from './template.ts'
import { user } from './user.ts'

/** Every module, in the order of the reference. */
export const modules: readonly AnyModule[] = [
  authorizedKey,
  blockInFile,
  copy,
  file,
  group,
  iptablesChain,
  jsonFile,
  keygen,
  knownHosts,
  lineInFile,
  packages,
  sshHostKey,
  sshdConfig,
  sysctl,
  systemd,
  systemdUnits,
  template,
  user,
]

/** Every action, in the order of the reference. */
export const actions: readonly AnyAction[] = [fetch]
