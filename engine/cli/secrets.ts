import type { Command } from 'commander'
import { addKeyFlags, type KeyFlags } from './options.ts'
import type { SecretFileContext } from './secret-files.ts'

interface Flags extends KeyFlags {
  passphrase?: true
}

type Files = typeof import('./secret-files.ts')

export function declareSecrets(program: Command): void {
  const secrets = program
    .command('secrets')
    .description('files of variables that are encrypted with age; contacts no host')
    .addHelpText(
      'after',
      `
Examples:
  ./run secrets keygen >>.age-recipients              a key of one's own; its public half may open what follows
  ./run secrets create group_vars/all/secrets.yml     opens an editor, writes group_vars/all/secrets.yml.age
  ./run secrets edit group_vars/all/secrets.yml
  ./run secrets rekey group_vars/all/*.age            after .age-recipients has changed
`,
    )
  const declare = (name: string, argument: string, description: string, work: Work) => {
    const command = secrets.command(name).argument(argument).description(description)
    addKeyFlags(command)
    if (['create', 'encrypt', 'rekey'].includes(name))
      command.option('--passphrase', 'encrypt with a passphrase, and not for the keys in .age-recipients')
    command.action(async (given: string & string[], flags: Flags) => {
      const files = await import('./secret-files.ts')
      const { Keys } = await import('./keys.ts')
      const say = (text: string) => process.stderr.write(`${text}\n`)
      await work(files, given, { keys: new Keys(flags), passphrase: flags.passphrase === true, say })
    })
  }
  declare('create', '<file>', 'a new encrypted file, written in $EDITOR', (files, file, context) =>
    files.createSecrets(file, context),
  )
  declare('edit', '<file>', 'changes an encrypted file in $EDITOR', (files, file, context) =>
    files.editSecrets(file, context),
  )
  declare(
    'view',
    '<file>',
    'prints what an encrypted file or a vault of Ansible holds',
    async (files, file, context) => {
      process.stdout.write(await files.viewSecrets(file, context))
    },
  )
  declare('encrypt', '<file>', 'puts FILE.age in the place of FILE', (files, file, context) =>
    files.encryptSecrets(file, context),
  )
  declare('decrypt', '<file>', 'puts FILE in the place of FILE.age', (files, file, context) =>
    files.decryptSecrets(file, context),
  )
  declare(
    'rekey',
    '<file...>',
    'encrypts files anew for the keys that are listed now; a vault of Ansible becomes an age file',
    (files, paths, context) => files.rekeySecrets(paths, context),
  )
  secrets
    .command('keygen')
    .argument('[file]', 'where to; ~/.config/lockstep/identity.txt when left out')
    .description("makes an identity of one's own and prints its public key")
    .action(async (file: string | undefined) => {
      const { makeIdentity } = await import('./keygen.ts')
      const { identityPath } = await import('./keys.ts')
      const path = file ?? identityPath()
      const recipient = await makeIdentity(path, new Date())
      process.stderr.write(`your identity is in ${path}; keep a copy of it in a safe place\n`)
      process.stderr.write('your public key, for a line of .age-recipients:\n')
      process.stdout.write(`${recipient}\n`)
    })
}

type Work = (files: Files, given: string & string[], context: SecretFileContext) => Promise<void>
