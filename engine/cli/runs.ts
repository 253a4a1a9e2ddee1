import { type Command, Option } from 'commander'
import { addReportFlags, collect, type ReportFlags, wholeNumber } from './options.ts'
import type { ListFlags } from './runs-list.ts'
import type { SinceFlags } from './runs-since.ts'

/** What was run and checked; see docs/history.md. */
export function declareRuns(program: Command): void {
  const runs = program
    .command('runs')
    .enablePositionalOptions()
    .description('what was run and checked from this machine, and since when a task has drifted')
    .addHelpText(
      'after',
      `
A run is named by its id, by a beginning of it that no other has, by \`latest\`, or by \`latest~1\` for the one before.

Examples:
  ./run runs --host web1 --limit 5                 the last five that had to do with web1
  ./run runs show latest                           all that the last one said
  ./run runs compare latest~1 latest               what has drifted, and what was mended
  ./run runs since web1                            since when each task has drifted on web1
`,
    )

  const list = runs.command('list', { isDefault: true }).description('lists them, newest first (the default)')
  list
    .option('--limit <number>', 'so many at most', wholeNumber, 20)
    .option('--playbook <name>', 'only of this playbook: its path, or the end of it', collect)
    .option('--host <name>', 'only those that had to do with this host', collect)
    .addOption(outputOption())
    .action(async (flags: ListFlags) => (await import('./runs-list.ts')).listRuns(flags))

  addReportFlags(
    runs.command('show').argument('<id>', 'the run').description('tells all that a run or check has told'),
  ).action(async (id: string, flags: ReportFlags) => (await import('./runs-show.ts')).showRun(id, flags))

  runs
    .command('compare')
    .argument('<before>', 'the earlier run')
    .argument('<after>', 'the later run')
    .addOption(outputOption())
    .description('what has drifted, was mended, has appeared or vanished between two runs, by host, task and item')
    .action(async (before: string, after: string, { output }: { output: 'terminal' | 'json' }) =>
      (await import('./runs-compare.ts')).compareRuns(before, after, output),
    )

  runs
    .command('since')
    .argument('<host>', 'the host')
    .argument('[task]', 'tasks with this in their name; without it those that have drifted')
    .option('--playbook <name>', 'only of this playbook: its path, or the end of it', collect)
    .addOption(outputOption())
    .description('since when tasks have drifted on a host, or are as asked for')
    .action(async (host: string, task: string | undefined, flags: SinceFlags) =>
      (await import('./runs-since.ts')).showSince(host, task, flags),
    )
}

function outputOption(): Option {
  return new Option('--output <form>', 'for people or for programs').choices(['terminal', 'json']).default('terminal')
}
