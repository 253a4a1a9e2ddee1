import { existsSync } from 'node:fs'
import { newIdentity } from '../language/encrypted/age.ts'
import { Problem } from '../problem.ts'
import { Secret } from '../resource/secret.ts'
import { controllerFiles } from './controller-files.ts'
import { Keys } from './keys.ts'
import { keepSecret } from './process-secrets.ts'

/** Writes a new identity for its owner alone, as age-keygen does, and gives its public key. */
export async function makeIdentity(path: string, now: Date): Promise<string> {
  if (existsSync(path)) {
    const [recipient] = await new Keys({ identity: [path] }).recipients()
    throw new Problem({
      code: 'FILE_THERE',
      message: `${path} is there already, and is not replaced`,
      ...(recipient === undefined ? {} : { hint: `its public key: ${recipient}` }),
    })
  }
  const { identity, recipient } = await newIdentity()
  keepSecret(new Secret(identity))
  const lines = [`# created: ${now.toISOString()}`, `# public key: ${recipient}`, identity, '']
  await controllerFiles.write(path, Buffer.from(lines.join('\n')), 0o600)
  return recipient
}
