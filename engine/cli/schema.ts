import type { Command } from 'commander'

export function declareSchema(program: Command): void {
  program
    .command('schema')
    .description('prints the JSON Schema of playbooks, for editors')
    .addHelpText(
      'after',
      `
Example:
  ./run schema > playbook.schema.json
  and as the first line of a playbook: # yaml-language-server: $schema=playbook.schema.json
`,
    )
    .action(async () => {
      const { modules, actions } = await import('../../modules/index.ts')
      const { playbookSchema } = await import('./playbook-schema.ts')
      process.stdout.write(`${JSON.stringify(playbookSchema(modules, actions), null, 2)}\n`)
    })
}
