import type { Command } from 'commander'
import { addPlaybookFlags, type PlaybookFlags } from './options.ts'

export function declareExplain(program: Command): void {
  const explain = program
    .command('explain')
    .argument('<variable>')
    .argument('[playbook]', 'also look at what this playbook and its roles say')
    .requiredOption('--host <name>', 'for which host')
    .description('shows every place that gives a variable a value, and which one wins')
  addPlaybookFlags(explain)
    .addHelpText('after', '\nExample:\n  ./run explain remote_user site.yml --host web1 -i hosts.yml\n')
    .action(async (variable: string, playbook: string | undefined, flags: PlaybookFlags & { host: string }) => {
      const { explanation } = await import('./explanation.ts')
      const { load } = await import('./load.ts')
      const { inventory, vars, playbooks } = await load(playbook === undefined ? [] : [playbook], flags, 'run')
      const { commandLineDefinitions } = await import('../language/variables.ts')
      const { knownSecrets } = await import('./process-secrets.ts')
      const plays = playbooks.flatMap((compiled) => compiled.playbook.plays)
      const commandLine = commandLineDefinitions(vars)
      const where = { inventory: playbooks[0]?.inventory ?? inventory, plays, commandLine }
      process.stdout.write(knownSecrets.hide(explanation(variable, flags.host, where)))
    })
}
