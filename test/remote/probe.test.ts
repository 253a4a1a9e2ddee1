import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RemoteHost } from '../../engine/remote/host.ts'
import { sh } from '../../engine/resource/command.ts'
import { ABSENT, type AnyRead, read } from '../../engine/resource/read.ts'
import { openLocal, temporaryFolder } from '../execution/harness.ts'

let host: RemoteHost
let at: Awaited<ReturnType<typeof temporaryFolder>>

beforeAll(async () => {
  host = await openLocal('here')
  at = await temporaryFolder()
})
afterAll(async () => {
  await host.close()
  await at[Symbol.asyncDispose]()
})

async function see(reads: readonly AnyRead[]): Promise<unknown[]> {
  const { seen } = await host.round({ become: undefined, jobs: [], reads })
  return reads.map(({ key }) => {
    const answer = seen.get(key)
    return answer && 'state' in answer ? answer.state : answer
  })
}

describe('a probe', () => {
  test('brings a file with its bytes, whatever they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7) % 256))
    await writeFile(`${at.path}/bytes`, bytes, { mode: 0o640 })
    await writeFile(`${at.path}/empty`, '')
    await writeFile(`${at.path}/no end`, 'no newline')
    const [full, empty, noEnd] = await see([`bytes`, 'empty', 'no end'].map((name) => read.file(`${at.path}/${name}`)))
    expect(full).toMatchObject({ type: 'file', mode: 0o640, size: 3000, content: bytes })
    expect(empty).toMatchObject({ type: 'file', size: 0, content: Buffer.alloc(0) })
    expect(noEnd).toMatchObject({ content: Buffer.from('no newline') })
  })

  test('sees links as links, folders as folders and what is missing as absent', async () => {
    await symlink('/nowhere/to be found', `${at.path}/link`)
    await mkdir(`${at.path}/folder`)
    await chmod(`${at.path}/folder`, 0o1777)
    const seen = await see([
      read.file(`${at.path}/link`),
      read.status(`${at.path}/folder`),
      read.file(`${at.path}/none/below`),
    ])
    expect(seen[0]).toMatchObject({ type: 'link', target: '/nowhere/to be found' })
    expect(seen[1]).toMatchObject({ type: 'directory', mode: 0o1777 })
    expect(seen[2]).toEqual(ABSENT)
  })

  test.each(["a'quote", 'a "double"', 'back\\slash', ' space at end ', '$HOME', '-n', 'ünï', '*'])(
    'takes the name %j as it is',
    async (name) => {
      await writeFile(`${at.path}/${name}`, name)
      const [content, digest] = [
        await see([read.file(`${at.path}/${name}`)]),
        await see([read.digest(`${at.path}/${name}`)]),
      ]
      expect(content[0]).toMatchObject({ content: Buffer.from(name) })
      expect(digest[0]).toMatchObject({ type: 'file', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    },
  )

  test('tells names with line ends, quotes and shell as they are', async () => {
    const names = ['a\nb', "it's", '"$(id)"', '{{x}}', '\u001b[2J', 'f 644 root root \n/etc/passwd']
    await mkdir(`${at.path}/tree`)
    for (const [index, name] of names.entries()) {
      await mkdir(`${at.path}/tree/${index}`)
      await writeFile(`${at.path}/tree/${index}/${name.replaceAll('/', '∕')}`, '')
    }
    const [tree] = (await see([read.tree(`${at.path}/tree`)])) as [{ entries: { path: string; type: string }[] }]
    const files = tree.entries.filter(({ type }) => type === 'file').map(({ path }) => path)
    expect(files.sort()).toEqual(names.map((name, index) => `${at.path}/tree/${index}/${name.replaceAll('/', '∕')}`))
  })

  test('does not bring what is too large, and says so', async () => {
    await writeFile(`${at.path}/large`, Buffer.alloc(9 * 1024 * 1024))
    const [large, digest] = [await see([read.file(`${at.path}/large`)]), await see([read.digest(`${at.path}/large`)])]
    expect(large[0]).toEqual({ denied: `${at.path}/large has 9437184 bytes; its text is read up to 8388608` })
    expect(digest[0]).toMatchObject({ size: 9437184, sha256: expect.any(String) })
  })

  test('reads the kernel, accounts, groups, packages, units and raw looks beside files in one round', async () => {
    const before = host.traffic.rounds
    const [release, none, root, nobody, group, shell, missing, unit, raw, tree] = await see([
      read.file('/proc/sys/kernel/ostype'),
      read.file('/proc/sys/kernel/no_such_thing'),
      read.account('root'),
      read.account('no-such-account'),
      read.group('root'),
      read.package('dash'),
      read.package('no-such-package'),
      read.unit('no-such-unit.service'),
      read.raw('hello', sh`printf 'a\\0b'; exit 3`),
      read.tree(at.path),
    ])
    expect(host.traffic.rounds).toBe(before + 1)
    expect(release).toMatchObject({ type: 'file', content: Buffer.from('Linux\n') })
    expect(none).toEqual(ABSENT)
    expect(root).toMatchObject({ present: true, uid: 0, group: 'root', home: '/root' })
    expect(nobody).toMatchObject({ present: false, groups: [] })
    expect(group).toMatchObject({ present: true, gid: 0 })
    expect(shell).toMatchObject({ installed: true, version: expect.stringMatching(/^\d/) })
    expect(missing).toMatchObject({ installed: false, version: '' })
    expect(unit).toMatchObject({ active: 'inactive', enabled: '' })
    expect(raw).toMatchObject({ code: 3, stdout: Buffer.from('a\0b') })
    expect(tree).toMatchObject({
      entries: expect.arrayContaining([expect.objectContaining({ path: `${at.path}/folder`, type: 'directory' })]),
    })
  })

  test('brings two thousand files in one round', async () => {
    await mkdir(`${at.path}/many`)
    const paths = Array.from({ length: 2000 }, (_, index) => `${at.path}/many/${index}`)
    await Promise.all(paths.map((path) => writeFile(path, path)))
    const seen = await see(paths.map((path) => read.file(path)))
    expect(seen.every((state, index) => (state as { content: Buffer }).content.toString() === paths[index])).toBe(true)
  })
})
