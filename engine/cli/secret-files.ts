import { existsSync, readFileSync, statSync, unlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { needsPassphrase, type Readers, sealAge } from '../language/encrypted/age.ts'
import { type Sealed, sealKind } from '../language/encrypted/sealed.ts'
import { SourceText } from '../language/source-text.ts'
import { parseYaml } from '../language/yaml.ts'
import { Problem } from '../problem.ts'
import { problemText } from '../report/problem-text.ts'
import { controllerFiles } from './controller-files.ts'
import type { Keys } from './keys.ts'
import { editPrivately } from './private-edit.ts'
import { forbidCores } from './process-secrets.ts'
import { recipientsFor } from './recipients.ts'

/** What the commands on encrypted files are done with. */
export interface SecretFileContext {
  keys: Keys
  /** Encrypts with a passphrase, where it is not said otherwise by the file itself. */
  passphrase: boolean
  /** Tells the person what was done. */
  say: (text: string) => void
}

/** A new encrypted file, written in the editor. */
export async function createSecrets(given: string, context: SecretFileContext): Promise<void> {
  const path = sealedName(given)
  refuseExisting(path)
  // Before anything is typed: what cannot be saved is not asked for.
  const readers = await readersOf(path, context)
  const start = Buffer.from('# name: value\n')
  await save(path, await edited(path, start), readers, context)
}

/** Changes an encrypted file in the editor; one that stays as it was is not written. */
export async function editSecrets(given: string, context: SecretFileContext): Promise<void> {
  const { path, sealed } = readSealed(given)
  const content = await context.keys.open(sealed)
  const readers = await sameReaders(path, sealed, context)
  const changed = await edited(path, content)
  if (changed.equals(content)) context.say(`${path} stays as it was`)
  else await save(path, changed, readers, context)
}

/** The clear content, for a person to read. */
export async function viewSecrets(given: string, { keys }: SecretFileContext): Promise<Buffer> {
  return await keys.open(readSealed(given).sealed)
}

/** Puts an encrypted file in the place of a clear one. */
export async function encryptSecrets(path: string, context: SecretFileContext): Promise<void> {
  forbidCores()
  const content = readExisting(path)
  if (sealKind(content) === 'age') throw wrongKind(path, 'is encrypted already', 'lockstep secrets edit changes it')
  if (sealKind(content) === 'vault')
    throw wrongKind(path, 'is a vault of Ansible', `lockstep secrets rekey ${path} turns it into an age file`)
  const target = `${path}.age`
  refuseExisting(target)
  await save(target, content, await readersOf(target, context), context)
  unlinkSync(path)
  context.say(`${path} is gone; what was committed of it before is in the history, and such secrets should be changed`)
}

/** Puts a clear file, for its owner alone, in the place of an encrypted one. */
export async function decryptSecrets(given: string, { keys, say }: SecretFileContext): Promise<void> {
  const { path, sealed } = readSealed(given)
  if (sealed.kind === 'vault') {
    throw wrongKind(
      path,
      'is a vault of Ansible',
      `lockstep secrets view ${path} shows it, lockstep secrets rekey ${path} turns it into an age file`,
    )
  }
  const target = path.replace(/\.age$/, '')
  if (target === path)
    throw wrongKind(
      path,
      'does not end in .age, so its clear name is not known',
      `lockstep secrets view ${path} shows it`,
    )
  refuseExisting(target)
  await controllerFiles.write(target, await keys.open(sealed), 0o600)
  unlinkSync(path)
  say(`${target} is clear and ${path} is gone; lockstep secrets encrypt ${target} closes it again`)
}

/** Encrypts files anew for those who are listed now. A vault of Ansible becomes an age file. */
export async function rekeySecrets(given: readonly string[], context: SecretFileContext): Promise<void> {
  for (const one of given) {
    const { path, sealed } = readSealed(one)
    const target = sealedName(path)
    if (target !== path) refuseExisting(target)
    const content = await context.keys.open(sealed)
    await save(target, content, await readersOf(target, context), context)
    if (target !== path) unlinkSync(path)
  }
}

/** `x.yml.age` for `x.yml`. */
function sealedName(path: string): string {
  return path.endsWith('.age') ? path : `${path}.age`
}

function readSealed(given: string): { path: string; sealed: Sealed } {
  forbidCores()
  const path = !existsSync(given) && existsSync(sealedName(given)) ? sealedName(given) : given
  const content = readExisting(path)
  const kind = sealKind(content)
  if (kind === undefined) throw wrongKind(path, 'is not encrypted', `lockstep secrets encrypt ${path} encrypts it`)
  return { path, sealed: { kind, content, file: path, place: undefined } }
}

function readExisting(path: string): Buffer {
  if (existsSync(path) && statSync(path).isFile()) return readFileSync(path)
  throw new Problem({ code: 'FILE_MISSING', message: `there is no file ${path}` })
}

function refuseExisting(path: string): void {
  if (!existsSync(path)) return
  throw new Problem({
    code: 'FILE_THERE',
    message: `${path} is there already`,
    hint: `lockstep secrets edit ${path} changes it`,
  })
}

function wrongKind(path: string, what: string, hint: string): Problem {
  return new Problem({ code: 'WRONG_FILE', message: `${path} ${what}`, hint })
}

async function readersOf(path: string, { keys, passphrase, say }: SecretFileContext): Promise<Readers> {
  if (passphrase) return await newPassphrase(path, keys)
  const { path: list, recipients } = recipientsFor(path)
  const mine = await keys.recipients()
  if (mine.length > 0 && !mine.some((recipient) => recipients.includes(recipient)))
    say(`warning: ${list} does not list you, so you cannot open ${path} again`)
  return { recipients }
}

/** A passphrase that closed the file closes it again. */
async function sameReaders(path: string, { content, kind }: Sealed, context: SecretFileContext): Promise<Readers> {
  if (kind === 'vault')
    throw wrongKind(
      path,
      'is a vault of Ansible, which can be read and not written',
      `lockstep secrets rekey ${path} turns it into an age file`,
    )
  if (needsPassphrase(content)) return { passphrase: await context.keys.ask(`passphrase of ${path}`) }
  return await readersOf(path, { ...context, passphrase: false })
}

async function newPassphrase(path: string, keys: Keys): Promise<Readers> {
  const passphrase = await keys.ask(`new passphrase of ${path}`)
  const again = await keys.ask(`the same passphrase again`)
  if (passphrase.reveal() === '' || passphrase.reveal() !== again.reveal()) {
    throw new Problem({ code: 'WRONG_KEY', message: 'the two passphrases are empty or differ; nothing is saved' })
  }
  return { passphrase }
}

async function edited(path: string, content: Buffer): Promise<Buffer> {
  return await editPrivately(basename(path).replace(/\.age$/, ''), content)
}

async function save(path: string, content: Buffer, readers: Readers, { say }: SecretFileContext): Promise<void> {
  const mode = existsSync(path) ? statSync(path).mode & 0o777 : 0o644
  await controllerFiles.write(path, Buffer.from(await sealAge(content, readers)), mode)
  const whom =
    'passphrase' in readers
      ? 'with a passphrase'
      : `for ${readers.recipients.length} ${readers.recipients.length === 1 ? 'key' : 'keys'}`
  say(`${path} is encrypted ${whom}`)
  for (const problem of yamlProblems(path, content)) say(problemText([problem], { colour: false }))
}

/** What is wrong with a file of variables is told while its author is still at it; it is saved all the same. */
function yamlProblems(path: string, content: Buffer): Problem[] {
  const problems: Problem[] = []
  if (/\.ya?ml\.age$/.test(path))
    parseYaml(new SourceText(path, content.toString('utf8'), { isSecret: true }), problems)
  return problems
}
