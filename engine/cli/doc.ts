import type { Command } from 'commander'
import { nearest, Problem } from '../problem.ts'

export function declareDoc(program: Command): void {
  program
    .command('doc')
    .argument('[name]', 'a module or an action')
    .option('--all', 'the whole reference, as docs/modules.md holds it')
    .description('the reference of a module or an action, or the list of all')
    .action(async (name: string | undefined, options: { all?: true }) => {
      process.stdout.write(await referenceText(name, options.all === true))
    })
}

async function referenceText(name: string | undefined, all: boolean): Promise<string> {
  const { modules, actions } = await import('../../modules/index.ts')
  const { entriesOf, referenceOf, wholeReference } = await import('../report/reference.ts')
  const entries = entriesOf(modules, actions)
  if (all) return wholeReference(entries)
  if (name === undefined) {
    const width = Math.max(...entries.map((entry) => entry.name.length))
    return entries.map((entry) => `${entry.name.padEnd(width)}  ${entry.summary}\n`).join('')
  }
  const entry = entries.find((candidate) => candidate.name === name)
  if (entry) return referenceOf(entry)
  const near = nearest(
    name,
    entries.map((candidate) => candidate.name),
  )
  throw new Problem({
    code: 'UNKNOWN_MODULE',
    message: `there is no module or action '${name}'`,
    hint: near ? `did you mean '${near}'?` : 'lockstep doc lists all of them',
  })
}
