import { type Command, Option } from 'commander'
import { addInventoryFlags, type InventoryFlags } from './options.ts'

interface Flags extends InventoryFlags {
  host?: string
  list?: true
  extraVars?: string[]
  format: 'yaml' | 'json'
}

export function declareInventory(program: Command): void {
  const inventory = program.command('inventory').description('shows hosts, groups and variables; contacts no host')
  addInventoryFlags(inventory)
    .option('--graph', 'the groups as a tree (the default)')
    .option('--list', 'every host with its groups and variables')
    .option('--host <name>', 'the variables of one host')
    .addOption(
      new Option('--format <form>', 'how --list and --host are written')
        .choices(['text', 'yaml', 'json'])
        .default('text'),
    )
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
      const { Problem } = await import('../problem.ts')
      if (!flags.inventory) {
        throw new Problem({
          code: 'NO_INVENTORY',
          message: 'no inventory was given',
          hint: 'name one with -i INVENTORY',
        })
      }
      const { loadInventory } = await import('../language/inventory.ts')
      const { showInventory } = await import('./inventory-text.ts')
      process.stdout.write(await showInventory(loadInventory(flags.inventory), flags))
    })
}
