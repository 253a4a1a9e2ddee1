import type { Command } from 'commander'
import { addPlaybookFlags, type PlaybookFlags } from './options.ts'

export function declareValidate(program: Command): void {
  const validate = program
    .command('validate')
    .argument('<playbook...>', 'playbooks to look at')
    .description('finds the mistakes in playbooks and inventory; contacts no host')
  addPlaybookFlags(validate)
    .addHelpText(
      'after',
      `
Examples:
  ./run validate playbooks/mattermost-tunnels.yml
  ./run validate site.yml upgrade.yml -i hosts.yml -e release=2.4
`,
    )
    .action(async (paths: string[], flags: PlaybookFlags) => {
      const { load } = await import('./load.ts')
      const { problemText } = await import('../report/problem-text.ts')
      const { coloured } = await import('./failure.ts')
      const { playbooks } = await load(paths, flags, 'run')
      const { sievedProblem } = await import('../report/sieve.ts')
      const { knownSecrets } = await import('./process-secrets.ts')
      const found = playbooks.flatMap((compiled) => compiled.warnings)
      const warnings = found.map((problem) => sievedProblem(problem, knownSecrets))
      if (warnings.length > 0) process.stderr.write(`${problemText(warnings, { colour: coloured(process.stderr) })}\n`)
      for (const { playbook } of playbooks) process.stdout.write(`${playbook.path} is right\n`)
    })
}
