import type { Command } from 'commander'
import { nearest, Problem } from '../problem.ts'

export function declareDoc(program: Command): void {
  program
    .command('doc')
    .argument('[name]', 'a module, an action, or a function of templates and expressions')
    .option('--modules', 'the whole reference of modules and actions, as docs/modules.md holds it')
    .option('--functions', 'the whole reference of functions, as docs/functions.md holds it')
    .option('--commands', 'the help of all commands, as docs/commands.md holds it')
    .description('the reference of a module, an action or a function, or the list of all modules')
    .addHelpText(
      'after',
      `
Examples:
  ./run doc                    all modules and actions
  ./run doc systemd            arguments, values and examples of one
  ./run doc unique             a function of templates and expressions
`,
    )
    .action(async (name: string | undefined, options: Choice) => {
      const { commandReference } = await import('./command-reference.ts')
      process.stdout.write(options.commands ? commandReference(program) : await referenceText(name, options))
    })
}

interface Choice {
  commands?: true
  modules?: true
  functions?: true
}

async function referenceText(
  name: string | undefined,
  { modules: all, functions: allFunctions }: Choice,
): Promise<string> {
  const { modules, actions } = await import('../../modules/index.ts')
  const { functions } = await import('../language/functions/functions.ts')
  const { functionReference, functionText } = await import('../report/function-reference.ts')
  const { entriesOf, referenceOf, wholeReference } = await import('../report/reference.ts')
  const entries = entriesOf(modules, actions)
  if (all) return wholeReference(entries)
  if (allFunctions) return functionReference([...functions.values()])
  if (name === undefined) {
    const width = Math.max(...entries.map((entry) => entry.name.length))
    return entries.map((entry) => `${entry.name.padEnd(width)}  ${entry.summary}\n`).join('')
  }
  const entry = entries.find((candidate) => candidate.name === name)
  const found = functions.get(name)
  const texts = [...(entry ? [referenceOf(entry)] : []), ...(found ? [functionText(found)] : [])]
  if (texts.length > 0) return texts.join('\n')
  const near = nearest(name, [...entries.map((candidate) => candidate.name), ...functions.keys()])
  throw new Problem({
    code: 'UNKNOWN_MODULE',
    message: `there is no module, action or function '${name}'`,
    hint: near ? `did you mean '${near}'?` : 'lockstep doc lists all modules and actions',
  })
}
