import type { Command } from 'commander'

export function declareSchema(program: Command): void {
  program
    .command('schema')
    .description('prints the JSON Schema of playbooks, for editors')
    .option('--report', 'in its place the one of the report that `--report FILE.json` writes')
    .addHelpText(
      'after',
      `
Example:
  ./run schema > playbook.schema.json
  and as the first line of a playbook: # yaml-language-server: $schema=playbook.schema.json
`,
    )
    .action(async ({ report }: { report?: true }) => {
      if (report) {
        const { auditSchema } = await import('../report/audit-schema.ts')
        process.stdout.write(`${JSON.stringify(auditSchema, null, 2)}\n`)
        return
      }
      const { modules, actions } = await import('../../modules/index.ts')
      const { playbookSchema } = await import('./playbook-schema.ts')
      process.stdout.write(`${JSON.stringify(playbookSchema(modules, actions), null, 2)}\n`)
    })
}
