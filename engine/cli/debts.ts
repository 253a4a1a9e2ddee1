import { type Command, Option } from 'commander'
import type { DebtsFlags } from './list-debts.ts'
import { addConnectionFlags, addInventoryFlags } from './options.ts'

export function declareDebts(program: Command): void {
  const debts = program
    .command('debts')
    .argument('[pattern]', 'hosts of the inventory', 'all')
    .description('lists the handlers that earlier runs owe to hosts; exit code 2 when there are any')
    .addOption(new Option('--output <form>', 'for people or for programs').choices(['text', 'json']).default('text'))
    .option('--forget <handler>', 'take this one away without running it; the log of the host says who did')
  addConnectionFlags(addInventoryFlags(debts))
    .addHelpText(
      'after',
      `
Locks nothing and waits for nobody. Without -b it looks as the login user, and as root too where root has debts.

Examples:
  ./run debts -i hosts.yml
  ./run debts web1 -i hosts.yml --forget 'restart consul'      when nothing needs it any more
`,
    )
    .action(async (pattern: string, flags: DebtsFlags) => {
      const { listDebts } = await import('./list-debts.ts')
      process.exitCode = await listDebts(pattern, flags)
    })
}
