import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')

describe('docs/security.md', () => {
  const named = [...read('docs/security.md').matchAll(/`(test\/[\w./-]+\.test\.ts)`: ([^|\n]+?)(?= \||\. |$)/gm)]

  test('names only tests that exist', () => {
    expect(named.length).toBeGreaterThan(30)
    const lost = named.filter(([, file = '', name = '']) => !read(file).includes(name.trim()))
    expect(lost.map(([whole]) => whole)).toEqual([])
  })

  test('names a test in each row', () => {
    const rows = read('docs/security.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !/^\| (---|what )/.test(line))
    expect(rows.filter((row) => !row.includes('`test/'))).toEqual([])
  })
})

test('has dependencies of exact versions, whose scripts do not run', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const versions = Object.values({ ...dependencies, ...devDependencies })
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  expect(read('.npmrc')).toContain('ignore-scripts=true')
})
