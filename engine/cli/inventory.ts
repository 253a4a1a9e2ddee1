import { type Command, Option } from 'commander'
import { addInventoryFlags, collect, type InventoryFlags } from './options.ts'

interface Flags extends InventoryFlags {
  host?: string
  list?: true
  extraVars?: string[]
  format: 'text' | 'yaml' | 'json'
}

export function declareInventory(program: Command): void {
  const inventory = program.command('inventory').description('shows hosts, groups and variables; contacts no host')
  addInventoryFlags(inventory)
    .option('-e, --extra-vars <vars>', 'variables that win over all others', collect)
    .option('--graph', 'the groups as a tree (the default)')
    .option('--list', 'every host with its groups and variables')
    .option('--host <name>', 'the variables of one host')
    .addOption(new Option('--format <form>', 'how it is written').choices(['text', 'yaml', 'json']).default('text'))
    .addHelpText(
      'after',
      `
Examples:
  ./run inventory -i hosts.yml
  ./run inventory -i hosts.yml --host web1
  ./run inventory -i hosts.yml -l 'web*' --list --format json
`,
    )
    .action(async (flags: Flags) => {
      const { load } = await import('./load.ts')
      const { inventory: found } = await load([], flags, 'run')
      const { showInventory } = await import('./inventory-text.ts')
      const { knownSecrets } = await import('./process-secrets.ts')
      process.stdout.write(knownSecrets.hide(showInventory(found, flags)))
    })
}
