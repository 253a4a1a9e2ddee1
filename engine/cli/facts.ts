import { type Command, Option } from 'commander'
import { addConnectionFlags, addInventoryFlags } from './options.ts'
import type { FactsFlags } from './show-facts.ts'

export function declareFacts(program: Command): void {
  const facts = program
    .command('facts')
    .argument('[pattern]', 'hosts of the inventory', 'all')
    .description('shows the facts of hosts, as playbooks see them')
    .addOption(new Option('--format <form>', 'how they are written').choices(['yaml', 'json']).default('yaml'))
  addConnectionFlags(addInventoryFlags(facts))
    .addHelpText('after', '\nExample:\n  ./run facts web1 -i hosts.yml\n')
    .action(async (pattern: string, flags: FactsFlags) => {
      const { showFacts } = await import('./show-facts.ts')
      process.exitCode = await showFacts(pattern, flags)
    })
}
