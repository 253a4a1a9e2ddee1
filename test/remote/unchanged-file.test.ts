import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UnchangedFiles } from '../../engine/remote/unchanged-file.ts'
import { folderWith } from '../language/folder.ts'

test('a file is read again when it was written to, replaced or removed, and not before', () => {
  const folder = folderWith({ a: 'one\n', b: 'two\n' })
  const path = join(folder, 'a')
  const made: string[] = []
  const files = new UnchangedFiles((text) => made.push(text) && text)
  expect([files.read(path), files.read(path), files.read(join(folder, 'b'))]).toEqual(['one\n', 'one\n', 'two\n'])
  expect(made).toEqual(['one\n', 'two\n'])
  appendFileSync(path, 'more\n')
  expect(files.read(path)).toBe('one\nmore\n')
  writeFileSync(join(folder, 'c'), 'one\nless\n')
  renameSync(join(folder, 'c'), path)
  expect(files.read(path)).toBe('one\nless\n')
  rmSync(path)
  expect(() => files.read(path)).toThrow('ENOENT')
})
