import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { nearest, Problem } from '../problem.ts'
import { addPlayFlags, wholeNumber } from './options.ts'
import type { PlayFlags } from './play.ts'

export function declareRun(program: Command): void {
  const run = program
    .command('run', { isDefault: true })
    .argument('[playbook...]', 'playbooks, run one after the other')
    .description('brings hosts to the state that playbooks declare')
    .option('-C, --check', 'change nothing, show what would change (the same as `check`)')
    .option('--lock-timeout <seconds>', 'wait so long for hosts on which another run is at work', wholeNumber)
    .option('--plan <file>', 'do what a saved plan says and no more; it names playbook, inventory and limit')
  addPlayFlags(run)
    .addHelpText(
      'after',
      `
Examples:
  ./run playbooks/mattermost-tunnels.yml                         on the lab that comes with it
  ./run site.yml -i hosts.yml --limit 'web*:!web3'               on some of one's own hosts
  ./run site.yml -i hosts.yml -b -K --tags firewall -vv          as root by sudo with a password
  ./run site.yml -i hosts.yml -e release=2.4 --output jsonl      for a program to read
  ./run run --plan plan.json                                     what a check has saved, and no more
`,
    )
    .action(async (paths: string[], flags: PlayFlags & { check?: true }) => {
      if (paths.length === 0 && flags.plan === undefined) run.error("error: missing required argument 'playbook'")
      if (flags.check && flags.plan !== undefined) throw twoWishes()
      for (const path of paths) if (!existsSync(path)) throw missing(path, program)
      const { play } = await import('./play.ts')
      process.exitCode = await play(paths, flags, flags.check ? 'check' : 'run')
    })
}

function twoWishes(): Problem {
  return new Problem({
    code: 'PLAN_FLAGS',
    message: '--plan applies a plan, and --check changes nothing',
    hint: 'give one of them; a run that is held to a plan checks first',
  })
}

/** Since `run` is meant when no command is named, what is neither a command nor a file may be a misspelt command. */
function missing(path: string, { commands }: Command): Problem {
  const near = nearest(
    path,
    commands.map((command) => command.name()),
  )
  return new Problem({
    code: 'FILE_MISSING',
    message: `there is no playbook ${path}`,
    hint: near ? `did you mean the command '${near}'?` : 'a path is relative to the folder that you are in',
  })
}
