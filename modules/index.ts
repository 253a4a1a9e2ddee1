import type { AnyAction } from '../engine/resource/action.ts'
import type { AnyModule } from '../engine/resource/module.ts'
import { accountLock } from './account-lock.ts'
import { assert } from './assert.ts'
import { authorizedKey } from './authorized-key.ts'
import { blockInFile } from './block-in-file.ts'
import { command } from './command.ts'
import { consulCanary } from './consul-canary.ts'
import { consulGate } from './consul-gate.ts'
import { consulKeyring } from './consul-keyring.ts'
import { consulReload } from './consul-reload.ts'
import { consulSnapshot } from './consul-snapshot.ts'
import { consulTlsProbe } from './consul-tls-probe.ts'
import { copy } from './copy.ts'
import { debug } from './debug.ts'
import { fail } from './fail.ts'
import { fetch } from './fetch.ts'
import { file } from './file.ts'
import { group } from './group.ts'
import { http } from './http.ts'
import { iptablesChain } from './iptables-chain.ts'
import { jsonFile } from './json-file.ts'
import { keyAudit } from './key-audit.ts'
import { keyRefused } from './key-refused.ts'
import { keyRemoval } from './key-removal.ts'
import { keySuccession } from './key-succession.ts'
import { keygen } from './keygen.ts'
import { knownHosts } from './known-hosts.ts'
import { lineInFile } from './line-in-file.ts'
import { opensslCsr } from './openssl-csr.ts'
import { opensslKey } from './openssl-key.ts'
import { opensslSign } from './openssl-sign.ts'
import { opensslVerify } from './openssl-verify.ts'
import { packages } from './package.ts'
import { reload } from './reload.ts'
import { restart } from './restart.ts'
import { script } from './script.ts'
import { secretFile } from './secret-file.ts'
import { shell } from './shell.ts'
import { sshCert } from './ssh-cert.ts'
import { sshHostKey } from './ssh-host-key.ts'
import { sshKeyOffer } from './ssh-key-offer.ts'
import { sshKrl } from './ssh-krl.ts'
import { sshLoginProbe } from './ssh-login-probe.ts'
import { sshdConfig } from './sshd-config.ts'
import { sysctl } from './sysctl.ts'
import { systemd } from './systemd.ts'
import { systemdUnits } from './systemd-units.ts'
import { template } from './template.ts'
import { ufw } from './ufw.ts'
import { user } from './user.ts'
import { waitFor } from './wait-for.ts'

/** Every module, in the order of the reference. */
export const modules: readonly AnyModule[] = [
  accountLock,
  authorizedKey,
  blockInFile,
  consulKeyring,
  copy,
  file,
  group,
  iptablesChain,
  jsonFile,
  keyRemoval,
  keySuccession,
  keygen,
  knownHosts,
  lineInFile,
  opensslCsr,
  opensslKey,
  opensslSign,
  packages,
  secretFile,
  sshCert,
  sshHostKey,
  sshKrl,
  sshdConfig,
  sysctl,
  systemd,
  systemdUnits,
  template,
  ufw,
  user,
]

/** Every action, in the order of the reference. */
export const actions: readonly AnyAction[] = [
  assert,
  command,
  consulCanary,
  consulGate,
  consulReload,
  consulSnapshot,
  consulTlsProbe,
  debug,
  fail,
  fetch,
  http,
  keyAudit,
  keyRefused,
  opensslVerify,
  reload,
  restart,
  script,
  shell,
  sshKeyOffer,
  sshLoginProbe,
  waitFor,
]
