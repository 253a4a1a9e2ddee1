import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const home = fileURLToPath(new URL('..', import.meta.url))

/** What each area may import beside itself; an area is the longest of these that a path starts with. */
const walls: Readonly<Record<string, readonly string[]>> = {
  'engine/problem.ts': [],
  'engine/resource': ['engine/problem.ts'],
  'engine/remote': ['engine/resource', 'engine/problem.ts'],
  'engine/language': ['engine/resource', 'engine/problem.ts'],
  'engine/report': ['engine/resource', 'engine/problem.ts'],
  'engine/execution': ['engine/language', 'engine/remote', 'engine/report', 'engine/resource', 'engine/problem.ts'],
  'engine/history': ['engine/report', 'engine/resource', 'engine/problem.ts'],
  'engine/plan': [
    'engine/execution',
    'engine/language',
    'engine/remote',
    'engine/report',
    'engine/resource',
    'engine/problem.ts',
  ],
  'engine/cli': ['engine', 'modules', 'lab', 'package.json'],
  modules: ['engine/resource'],
  lab: ['engine/problem.ts'],
}

/** What an area may not import from npm. */
const closed: Readonly<Record<string, readonly string[]>> = {
  'engine/execution': ['ssh2', 'node:fs', 'node:fs/promises', 'node:net', 'node:process', 'node:child_process'],
  'engine/plan': ['node:fs', 'node:process', 'ssh2'],
  'engine/report': ['node:process', 'node:fs', 'ssh2'],
  modules: ['node:fs', 'node:fs/promises', 'node:child_process', 'ssh2'],
}

const sources = ['engine', 'modules', 'lab']
  .flatMap((folder) => filesBelow(folder))
  .filter((file) => file.endsWith('.ts'))
const imports = sources.flatMap((file) => importsOf(file).map((target) => ({ file, target })))

describe('the walls between the parts', () => {
  test('are there for every source file', () => {
    expect(sources.filter((file) => areaOf(file) === undefined)).toEqual([])
    expect(sources.length).toBeGreaterThan(50)
  })

  test('let imports go one way', () => {
    const crossings = imports.filter(({ file, target }) => target.startsWith('.') && !isOpen(file, target))
    expect(crossings.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  test('keep sockets, files and processes out of the pure parts', () => {
    const breaches = imports.filter(({ file, target }) => closed[areaOf(file) ?? '']?.includes(target))
    expect(breaches.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  test('keep `process` to the command line', () => {
    const pure = sources.filter((file) => ['engine/execution', 'engine/report', 'modules'].includes(areaOf(file) ?? ''))
    expect(pure.filter((file) => /\bprocess\.[a-z]/.test(readSource(file)))).toEqual([])
  })

  test('leave no place for what belongs nowhere', () => {
    const all = ['engine', 'modules', 'lab', 'test'].flatMap((folder) => filesBelow(folder))
    expect(all.filter((file) => /(^|\/)(utils?|common|helpers?|misc|shared)(\.[a-z]+)?(\/|$)/.test(file))).toEqual([])
  })
})

function isOpen(file: string, target: string): boolean {
  const area = areaOf(file) ?? ''
  const path = relative(home, resolve(home, dirname(file), target))
  return [area, ...(walls[area] ?? [])].some((open) => path === open || path.startsWith(`${open}/`))
}

function areaOf(file: string): string | undefined {
  return Object.keys(walls).find((area) => file === area || file.startsWith(`${area}/`))
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`. */
function importsOf(file: string): string[] {
  const text = readSource(file)
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^'\n]+)'/g)].map((match) => match[1] ?? '')
}

function readSource(file: string): string {
  return readFileSync(join(home, file), 'utf8')
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(home, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  )
}
