import type { Command } from 'commander'
import { addConnectionFlags, addPlaybookFlags, addReportFlags } from './options.ts'
import type { PlayFlags } from './play.ts'

export function declareRun(program: Command): void {
  const run = program
    .command('run', { isDefault: true })
    .argument('<playbook...>', 'playbooks, run one after the other')
    .description('brings hosts to the state that playbooks declare')
    .option('-C, --check', 'change nothing, show what would change (the same as `check`)')
  addReportFlags(addConnectionFlags(addPlaybookFlags(run)))
    .addHelpText(
      'after',
      `
Examples:
  ./run playbooks/mattermost-tunnels.yml                         on the lab that comes with it
  ./run site.yml     -i hosts.yml --limit 'web*:!web3'           on some of one's own hosts
  ./run site.yml     -i hosts.yml -b -K --tags firewall -vv      as root by sudo with a password
  ./run site.yml     -i hosts.yml -e release=2.4 --output jsonl  for a program to read
`,
    )
    .action(async (paths: string[], flags: PlayFlags & { check?: true }) => {
      const { play } = await import('./play.ts')
      process.exitCode = await play(paths, flags, flags.check ? 'check' : 'run')
    })
}
