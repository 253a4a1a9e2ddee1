import type { Command } from 'commander'
import { Problem } from '../problem.ts'
import { declareLabFaults } from './lab-faults.ts'

const DEFAULT_INVENTORY = 'inventories/mattermost-lab.yml'

/** Real hosts on this machine; see docs/lab.md. */
export function declareLab(program: Command): void {
  const lab = program
    .command('lab')
    .enablePositionalOptions()
    .description('real Debian hosts on this machine, to try things on')

  lab.addHelpText(
    'after',
    `
Examples:
  ./run lab up -i inventories/mattermost-lab.yml
  ./run lab shell mattermost1
  ./run lab cut mattermost2              and \`./run lab heal mattermost2\` plugs it in again
  ./run lab down
`,
  )

  lab.hook('preAction', async () => {
    const unsupported = (await import('../../lab/support.ts')).labSupported()
    if (unsupported) throw unsupported
  })

  lab
    .command('up')
    .description('boots every host of a lab inventory; those that run are kept')
    .option('-i, --inventory <file...>', 'the inventory with the hosts to boot', [DEFAULT_INVENTORY])
    .action(async ({ inventory }: { inventory: string[] }) => {
      const { labHostsOf } = await import('./lab-inventory.ts')
      const { loadInventory } = await import('../language/inventory.ts')
      const { opening } = await import('./load.ts')
      const { labUp } = await import('../../lab/lab.ts')
      await labUp({
        hosts: labHostsOf(await opening({}, (clearTexts) => loadInventory(inventory, { clearTexts }))),
        log,
      })
      await showStatus()
    })

  lab
    .command('prepare')
    .argument('[suite...]', 'Debian releases', ['bookworm'])
    .description('installs the tools, builds the root images and the network, and boots nothing')
    .action(prepare)

  lab
    .command('down')
    .description('takes all of the lab away but the cached images')
    .action(async () => (await import('../../lab/lab.ts')).labDown(log))

  lab.command('status').description('the hosts of the lab, and what is broken on purpose').action(showStatus)

  lab
    .command('reset')
    .argument('[host...]', 'hosts; all when none is named')
    .description('gives hosts a disk as new and boots them')
    .action(async (hosts: string[]) => (await import('../../lab/lab.ts')).labReset(hosts, log))

  lab
    .command('shell')
    .argument('<host>')
    .option('-u, --user <name>', 'whose shell it is', 'root')
    .description('opens a shell on a host')
    .action(async (host: string, { user }: { user: string }) => {
      const { labEnter } = await import('../../lab/exec.ts')
      await handOver(labEnter(host, ['bash', '--login'], user))
    })

  lab
    .command('exec')
    .argument('<host>')
    .argument('<command...>')
    .option('-u, --user <name>', 'who runs it', 'root')
    .passThroughOptions()
    .description('runs a command on a host, past its network: lab exec mm1 -- systemctl status ssh')
    .action(async (host: string, command: string[], { user }: { user: string }) => {
      const { labEnter } = await import('../../lab/exec.ts')
      await handOver(labEnter(host, withoutDashes(command), user))
    })

  lab
    .command('enter')
    .argument('<command...>')
    .passThroughOptions()
    .description("runs a command of this machine in the lab's network: lab enter -- curl http://10.10.250.146:8065")
    .action(async (command: string[]) => {
      const { labCommand } = await import('../../lab/exec.ts')
      await handOver(labCommand(withoutDashes(command)))
    })

  declareLabFaults(lab)
}

/** Progress goes to stderr: stdout belongs to what was asked for. */
export function log(line: string): void {
  process.stderr.write(`lab: ${line}\n`)
}

async function prepare(names: string[]): Promise<void> {
  const { labUp } = await import('../../lab/lab.ts')
  const { ensureImage, suites } = await import('../../lab/image.ts')
  await labUp({ hosts: [], log })
  for (const name of names) {
    const suite = suites.find((known) => known === name)
    if (!suite) {
      const hint = `it takes ${suites.join(', ')}`
      throw new Problem({ code: 'BAD_OPTION', message: `the lab has no suite '${name}'`, hint })
    }
    await ensureImage(suite, [], log)
  }
}

async function showStatus(): Promise<void> {
  const { labStatus } = await import('../../lab/lab.ts')
  const hosts = labStatus()
  if (hosts.length === 0) process.stdout.write('the lab has no hosts; boot some with lockstep lab up\n')
  const width = Math.max(...hosts.map(({ name }) => name.length))
  for (const { name, address, suite, state, isCut, delayMs } of hosts) {
    const faultWords = [isCut ? 'cut off' : '', delayMs > 0 ? `delayed by ${delayMs} ms` : '']
      .filter(Boolean)
      .join(', ')
    process.stdout.write(
      `${name.padEnd(width)}  ${address.padEnd(15)}  ${suite.padEnd(8)}  ${state}  ${faultWords}`.trimEnd(),
    )
    process.stdout.write('\n')
  }
}

/** The `--` that people write before another program's words. */
function withoutDashes(words: readonly string[]): readonly string[] {
  return words[0] === '--' ? words.slice(1) : words
}

async function handOver(argv: readonly string[]): Promise<void> {
  const { runInPlace } = await import('./run-in-place.ts')
  process.exitCode = await runInPlace(argv)
}
