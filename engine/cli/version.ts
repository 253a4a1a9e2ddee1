import type { Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }

export function declareVersion(program: Command): void {
  program.version(packageJson.version, '--version', 'the version, as the command `version` gives it')
  program
    .command('version')
    .description('the version of Lockstep and of Node.js')
    .addHelpText('after', '\nExample:\n  ./run version\n')
    .action(() => {
      process.stdout.write(`lockstep ${packageJson.version} (node ${process.versions.node})\n`)
    })
}
