import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { largeSource } from '../../engine/language/large-source.ts'
import { SourceFiles } from '../../engine/language/source-files.ts'
import { HELD_LIMIT, LargeFile } from '../../engine/resource/large-file.ts'
import { script } from '../../modules/script.ts'

const folder = mkdtempSync(join(tmpdir(), 'lockstep-large-'))
afterAll(() => rmSync(folder, { recursive: true }))
const place = { file: 'site.yml', line: 1, column: 1 }
const file = (name: string, content: Buffer) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const bytes = Buffer.alloc(HELD_LIMIT + 1, 'large\n')
const large = file('large', bytes)

describe('a source', () => {
  test('that is small enough is held in memory', () => {
    expect(largeSource(file('small', bytes.subarray(1)), place, () => true)).toBeUndefined()
    expect(new SourceFiles(folder).source('small', undefined, place).content).toBeInstanceOf(Buffer)
  })

  test('that is larger is known by its size, and hashed when somebody asks', () => {
    const { content } = new SourceFiles(folder).source('large', undefined, place)
    if (!(content instanceof LargeFile)) throw new Error('it is large')
    expect([content.path, content.size]).toEqual([large, bytes.length])
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(content.sha256).toBe(sha256)
    expect(String(content)).toBe(`${bytes.length} bytes with the SHA-256 ${sha256}`)
  })

  test('that is large is looked at once a run', () => {
    const files = new SourceFiles(folder)
    expect(files.source('large', undefined, place).content).toBe(files.source('large', undefined, place).content)
  })

  test('that is large and encrypted is a mistake, unless it goes to the host as it is', () => {
    const sealed = file('sealed', Buffer.concat([Buffer.from('age-encryption.org/v1\n'), bytes]))
    expect(() => largeSource(sealed, place, () => true)).toThrow(
      `${sealed} is encrypted and has ${bytes.length + 22} bytes, which is more than can be opened here`,
    )
    expect(largeSource(sealed, place, () => false)).toBeInstanceOf(LargeFile)
  })

  test('that is large is no text for a function', () => {
    expect(() => new SourceFiles(folder).text('large', undefined)).toThrow('large is too large to be a text here')
  })

  test('that is large is no script', () => {
    const src = { path: 'large', content: new LargeFile(large, bytes.length, () => '') }
    expect(script.decide({ src }, {} as never)).toEqual({
      due: false,
      failure: `large is too large for a script: it has ${bytes.length} bytes`,
      hint: `a script may have ${HELD_LIMIT} bytes; programs can be brought with \`copy\``,
    })
  })
})
