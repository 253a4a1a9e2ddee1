import { expect, test } from 'vitest'
import { SourceText } from '../../engine/language/source-text.ts'

test('a place quotes its line, and none that nobody would read', () => {
  const long = 'x'.repeat(5000)
  const source = new SourceText('site.yml', `first\r\n${long}\nlast\n`)
  expect(source.placeAt(1, 3)).toEqual({ file: 'site.yml', line: 1, column: 2, length: 2, source: 'first' })
  expect(source.placeAt(5007, 5010)).toEqual({ file: 'site.yml', line: 2, column: 5001, length: 1 })
  expect(source.placeAt(5008, 5012)).toMatchObject({ line: 3, source: 'last' })
})
