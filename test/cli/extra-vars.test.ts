import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { extraVars } from '../../engine/cli/extra-vars.ts'

describe('--extra-vars', () => {
  test.each<[string, string[], object]>([
    ['nothing', [], {}],
    ['a text', ['name=web 1'], { name: 'web 1' }],
    ['an empty text', ['name='], { name: '' }],
    ['a text with an equals sign', ['opts=a=b'], { opts: 'a=b' }],
    ['whole numbers', ['port=80', 'zero=0', 'minus=-3'], { port: 80, zero: 0, minus: -3 }],
    ['true and false', ['a=true', 'b=false', 'c=yes'], { a: true, b: false, c: 'yes' }],
    ['a version as text', ['release=1.10'], { release: '1.10' }],
    ['a mode as text', ['mode=0644'], { mode: '0644' }],
    ['JSON', ['{"list": [1, "2"], "deep": {"x": null}}'], { list: [1, '2'], deep: { x: null } }],
    ['the last word', ['a=1', 'a=2'], { a: 2 }],
  ])('takes %s', (_title, texts, variables) => expect(extraVars(texts)).toEqual(variables))

  test('takes a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'extra-vars-'))
    writeFileSync(join(folder, 'vars.yml'), 'a: 1\nb: [x]\n')
    expect(extraVars([`@${folder}/vars.yml`, 'a=2'])).toEqual({ a: 2, b: ['x'] })
    rmSync(folder, { recursive: true })
  })

  test.each([
    ['just words', '--extra-vars cannot read "just words"'],
    ['[1]', '--extra-vars cannot read "[1]"'],
    ['{"a": ', '--extra-vars cannot read "{\\"a\\": "'],
    ['@/nowhere/vars.yml', '--extra-vars cannot read /nowhere/vars.yml: there is no such file'],
  ])('refuses %s', (text, message) => expect(() => extraVars([text])).toThrow(message))
})
