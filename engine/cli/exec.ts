import type { Command } from 'commander'
import type { EachHostFlags } from './each-host.ts'
import { addConnectionFlags, addInventoryFlags } from './options.ts'

const LIMIT_SECONDS = 3600

export function declareExec(program: Command): void {
  const exec = program
    .command('exec')
    .argument('<pattern>', 'hosts of the inventory')
    .argument('<command...>', 'a command and its words; one word alone is a line for the shell')
    .passThroughOptions()
    .description('runs a command on hosts, outside of any playbook')
  addConnectionFlags(addInventoryFlags(exec))
    .addHelpText(
      'after',
      `
Examples (flags stand before the pattern):
  ./run exec -i hosts.yml all -- uptime
  ./run exec -i hosts.yml -b 'web*' 'systemctl is-active nginx && nginx -t'
`,
    )
    .action(async (pattern: string, command: string[], flags: EachHostFlags) => {
      process.exitCode = await runOn(pattern, command[0] === '--' ? command.slice(1) : command, flags)
    })
}

async function runOn(pattern: string, words: readonly string[], flags: EachHostFlags): Promise<number> {
  const { becomeOf, eachHost } = await import('./each-host.ts')
  const { exitCodes } = await import('./failure.ts')
  const { sh } = await import('../resource/command.ts')
  const { printable, printableLine } = await import('../report/printable.ts')
  const command = words.length === 1 ? sh`sh -c ${words}` : sh`${words}`
  const job = { commands: [command], timeoutMs: LIMIT_SECONDS * 1000 }
  return await eachHost(pattern, flags, async (remote, host) => {
    const { jobs } = await remote.round({ become: becomeOf(flags), jobs: [job], reads: [] })
    const result = jobs[0]?.[0]
    if (!result) throw new Error(`the command on ${host} has no result`)
    const output = printable(Buffer.concat([result.stdout, result.stderr]).toString())
    const head = `${printableLine(host)}: exit code ${result.code}\n`
    const body = output.trimEnd() === '' ? '' : `${output.trimEnd().replace(/^/gm, '  ')}\n`
    return { text: head + body, code: result.code === 0 ? exitCodes.done : exitCodes.failed }
  })
}
