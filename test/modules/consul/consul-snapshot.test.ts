import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { consulSnapshot } from '../../../modules/consul/consul-snapshot.ts'

const folder = mkdtempSync(join(tmpdir(), 'lockstep-snapshot-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Programs of this name are this script. */
function stub(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}`)
  chmodSync(join(folder, name), 0o755)
}

/** What comes of a snapshot that the agent answers with these codes, one after the other and then with the last; and how often it was asked. */
function saved(...codes: number[]): { code: number; stderr: string; asked: number } {
  const path = join(folder, 'x.snap')
  writeFileSync(join(folder, 'codes'), `${codes.join('\n')}\n`)
  writeFileSync(join(folder, 'asked'), '')
  stub('sleep', '')
  stub('consul', 'echo "Index 7"')
  stub('curl', `echo >>${folder}/asked; n=$(wc -l <${folder}/asked); sed -n "$n p; $ p" ${folder}/codes | head -n 1`)
  const commands = [consulSnapshot.run?.({ path }) ?? []].flat()
  const asked = () => readFileSync(join(folder, 'asked'), 'utf8').length
  try {
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
    execFileSync('sh', ['-c', commands.map(({ text }) => text).join('\n')], { env, stdio: 'pipe' })
    return { code: 0, stderr: '', asked: asked() }
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer }
    return { code: status, stderr: stderr.toString(), asked: asked() }
  }
}

test.each([
  ['is saved at once', [200], { code: 0, asked: 1 }],
  ['is asked for again after a connection has broken', [500, 200], { code: 0, asked: 2 }],
  ['is given up after three tries', [500], { code: 1, asked: 3 }],
  ['is not asked for again by whoever may not have it', [403, 200], { code: 1, asked: 1 }],
])('a snapshot %s', (_, codes, expected) => {
  expect(saved(...codes)).toMatchObject(expected)
})
