import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** Between attempts, for a network that fails for a moment. */
const PAUSES_MS = [0, 2000, 5000, 15_000]

/** Whether the packages could be installed, which it says; only root on Debian can. */
export async function aptInstalls(packages, say) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false
  say(`tools of the tests: installing ${packages.join(', ')} with apt-get`)
  const isInstalled = () => apt(['install', '-y', '-q', '--no-install-recommends', ...packages])
  if (isInstalled()) return true
  for (const pauseMs of PAUSES_MS) {
    if (pauseMs > 0) say(`tools of the tests: apt-get failed; trying again in ${pauseMs / 1000} s`)
    await setTimeout(pauseMs)
    // A list that cannot be renewed, perhaps of somebody else's packages, need not be in the way of these.
    apt(['update', '-q'])
    if (isInstalled()) return true
  }
  return false
}

/** Somebody else's apt may be at work for a while. */
function apt(words) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...words], { env, stdio: 'inherit' }).status === 0
}
