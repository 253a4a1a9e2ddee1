import type { Command } from 'commander'
import { addPlayFlags } from './options.ts'
import type { PlayFlags } from './play.ts'

export function declareCheck(program: Command): void {
  const check = program
    .command('check')
    .argument('<playbook...>', 'playbooks to check hosts against')
    .description('shows what a run would change, and changes nothing; exit code 2 when there is any')
    .option('--save <file>', 'save what it finds as a plan, for `run --plan`')
  addPlayFlags(check)
    .addHelpText(
      'after',
      `
Examples:
  ./run check playbooks/mattermost-tunnels.yml      the lab
  ./run check site.yml -i hosts.yml --diff          one's own hosts, differences at full length
  ./run check site.yml -i hosts.yml --report audit.html --report audit.sarif
  ./run check site.yml -i hosts.yml --fail-on drift,may,not-visible
  ./run check site.yml -i hosts.yml --save plan.json    and then: ./run run --plan plan.json
`,
    )
    .action(async (paths: string[], flags: PlayFlags) => {
      const { play } = await import('./play.ts')
      process.exitCode = await play(paths, flags, 'check')
    })
}
