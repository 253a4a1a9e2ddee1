import type { AnyAction } from '../engine/resource/action.ts'
import type { AnyModule } from '../engine/resource/module.ts'
import { accountLock } from './accounts/account-lock.ts'
import { group } from './accounts/group.ts'
import { user } from './accounts/user.ts'
import { assert } from './assert.ts'
import { command } from './command.ts'
import { consulCanary } from './consul/consul-canary.ts'
import { consulGate } from './consul/consul-gate.ts'
import { consulKeyring } from './consul/consul-keyring.ts'
import { consulReload } from './consul/consul-reload.ts'
import { consulSnapshot } from './consul/consul-snapshot.ts'
import { consulTlsProbe } from './consul/consul-tls-probe.ts'
import { debug } from './debug.ts'
import { fail } from './fail.ts'
import { blockInFile } from './files/block-in-file.ts'
import { copy } from './files/copy.ts'
import { fetch } from './files/fetch.ts'
import { file } from './files/file.ts'
import { jsonFile } from './files/json-file.ts'
import { lineInFile } from './files/line-in-file.ts'
import { secretFile } from './files/secret-file.ts'
import { template } from './files/template.ts'
import { iptablesChain } from './firewall/iptables-chain.ts'
import { ufw } from './firewall/ufw.ts'
import { http } from './http.ts'
import { opensslCsr } from './openssl/openssl-csr.ts'
import { opensslKey } from './openssl/openssl-key.ts'
import { opensslSign } from './openssl/openssl-sign.ts'
import { opensslVerify } from './openssl/openssl-verify.ts'
import { packages } from './package.ts'
import { script } from './script.ts'
import { shell } from './shell.ts'
import { authorizedKey } from './ssh/authorized-key.ts'
import { keyAudit } from './ssh/key-audit.ts'
import { keyRefused } from './ssh/key-refused.ts'
import { keyRemoval } from './ssh/key-removal.ts'
import { keySuccession } from './ssh/key-succession.ts'
import { keygen } from './ssh/keygen.ts'
import { knownHosts } from './ssh/known-hosts.ts'
import { sshCert } from './ssh/ssh-cert.ts'
import { sshHostKey } from './ssh/ssh-host-key.ts'
import { sshKeyOffer } from './ssh/ssh-key-offer.ts'
import { sshKrl } from './ssh/ssh-krl.ts'
import { sshLoginProbe } from './ssh/ssh-login-probe.ts'
import { sshdConfig } from './ssh/sshd-config.ts'
import { sysctl } from './sysctl.ts'
import { reload } from './systemd/reload.ts'
import { restart } from './systemd/restart.ts'
import { systemd } from './systemd/systemd.ts'
import { systemdUnits } from './systemd/systemd-units.ts'
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
