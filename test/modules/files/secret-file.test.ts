import { describe, expect, test } from 'vitest'
import { Secret } from '../../../engine/resource/secret.ts'
import { Unknown } from '../../../engine/resource/unknown.ts'
import { secretFile } from '../../../modules/files/secret-file.ts'
import { ABSENT, file, folder } from '../certificates.ts'

const path = '/root/x.key'
const folders = [folder(), folder({ mode: 0o755 })]
const HELD = 'cg8StVXbQJ0gPvMd9o7yrg=='
const plan = (state: object, bytes = 16) => secretFile.plan({ path, bytes }, { file: state, folders } as never)

describe('secret-file', () => {
  test.each([
    { title: 'nothing for one that is there', state: file(`${HELD}\n`, 0o600), expected: [] },
    { title: 'one where none is', state: ABSENT, expected: ['make: absent -> 16 random bytes'] },
    { title: 'its mode when others may read it', state: file(HELD, 0o640), expected: ['mode: 0640 -> 0600'] },
  ])('plans $title', ({ state, expected }) => {
    const { changes } = plan(state)
    expect(changes.map(({ kind, from, to }) => `${kind}: ${from ?? 'absent'} -> ${to}`)).toEqual(expected)
    expect(JSON.stringify(changes)).not.toContain(HELD)
  })

  test.each([
    ['is empty', file('', 0o600)],
    ['holds too few bytes', file('c2hvcnQ=\n', 0o600)],
    ['holds no Base64', file('not a secret, but a sentence', 0o600)],
  ])('fails when the file %s', (_, state) => {
    expect(() => plan(state)).toThrow('/root/x.key does not hold 16 bytes in Base64')
  })

  test('fails when it is a folder, and where there is none to be in', () => {
    expect(() => plan(folder())).toThrow('/root/x.key is not a file but a directory')
    const have = { file: ABSENT, folders: [ABSENT, folder()] }
    expect(() => secretFile.plan({ path }, have as never)).toThrow('the folder /root does not exist')
  })

  test('gives what is there as a secret, and what is not there yet as unknown', () => {
    const { secret } = plan(file(HELD, 0o600)).result ?? {}
    expect(secret instanceof Secret && secret.reveal()).toBe(HELD)
    expect(plan(ABSENT).result?.secret).toBeInstanceOf(Unknown)
  })
})
