import { spawnSync } from 'node:child_process'
import { KnownSecrets } from '../resource/known-secrets.ts'
import type { Secret } from '../resource/secret.ts'

/** Every secret that this process has met; whatever it prints is freed of them. The engine is handed it and knows no other. */
export const knownSecrets = new KnownSecrets()

let coresForbidden = false

/** Notes what was typed or read, before anything is done with it. */
export function keepSecret(secret: Secret): Secret {
  forbidCores()
  knownSecrets.add(secret)
  return secret
}

/** From now on a crash leaves no file with the memory of this process; where the system has no prlimit(1), `run` has seen to it. */
export function forbidCores(): void {
  if (coresForbidden) return
  coresForbidden = true
  spawnSync('prlimit', ['--pid', String(process.pid), '--core=0:0'], { stdio: 'ignore' })
}
