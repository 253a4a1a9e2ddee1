import type { Command } from 'commander'
import type { EachHostFlags } from './each-host.ts'
import { addConnectionFlags, addInventoryFlags } from './options.ts'

export function declareUnlock(program: Command): void {
  const unlock = program
    .command('unlock')
    .argument('<pattern>', 'hosts of the inventory')
    .description('breaks the lock that another run has on hosts')
  addConnectionFlags(addInventoryFlags(unlock))
    .addHelpText(
      'after',
      `
For a lock whose run is gone and whose connection the host has not missed yet. A run that still lives finishes what it has
begun there and then leaves the host (LOCK_BROKEN). The log of the host says who broke whose lock.

Example:
  ./run unlock web1 -i hosts.yml
`,
    )
    .action(async (pattern: string, flags: EachHostFlags) => {
      const { breakLocks } = await import('./break-locks.ts')
      process.exitCode = await breakLocks(pattern, flags)
    })
}
