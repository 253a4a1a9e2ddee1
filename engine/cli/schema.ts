import { Argument, type Command } from 'commander'

export function declareSchema(program: Command): void {
  program
    .command('schema')
    .addArgument(
      new Argument(
        '[what]',
        'what it is for; tasks: a file that holds nothing but tasks, as roles have; report: what `--report FILE.json` writes',
      )
        .choices(['playbook', 'tasks', 'inventory', 'report'])
        .default('playbook'),
    )
    .description('prints a JSON Schema for editors (keywords, modules and their arguments), or of the JSON report')
    .addHelpText(
      'after',
      `
Examples:
  ./run schema >playbook.json
  ./run schema tasks >tasks.json             it refers to playbook.json beside it
and as the first line of a playbook, with a path from there:
  # yaml-language-server: $schema=playbook.json
Those of this version lie in docs/schema/, see docs/editors.md.
`,
    )
    .action(async (what: SchemaName) => {
      process.stdout.write(await schemaText(what))
    })
}

export type SchemaName = 'playbook' | 'tasks' | 'inventory' | 'report'

/** A schema as its file in docs/schema holds it. */
export async function schemaText(what: SchemaName): Promise<string> {
  return `${JSON.stringify(await schemaOf(what), null, 1)}\n`
}

async function schemaOf(what: SchemaName): Promise<object> {
  if (what === 'inventory') return (await import('./inventory-schema.ts')).inventorySchema
  if (what === 'report') return (await import('../report/audit-schema.ts')).auditSchema
  const { playbookSchema, tasksSchema } = await import('./playbook-schema.ts')
  if (what === 'tasks') return tasksSchema
  const { modules, actions } = await import('../../modules/index.ts')
  return playbookSchema(modules, actions)
}
