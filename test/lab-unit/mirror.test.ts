import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { deb822Entries, debianMirror, oneLineEntries } from '../../lab/mirror.ts'

describe('entries of .sources files', () => {
  test.each([
    { title: 'none in an empty file', text: '', entries: [] },
    {
      title: 'none when only sources are had',
      text: 'Types: deb-src\nURIs: http://a/debian\nSuites: sid\n',
      entries: [],
    },
    { title: 'none when switched off', text: 'Enabled: no\nTypes: deb\nURIs: http://a/\nSuites: sid\n', entries: [] },
    {
      title: 'one a stanza, past comments',
      text: '# by hand\nTypes: deb deb-src\n# the old one\nURIs: http://a/debian\nSuites: bookworm bookworm-updates\n\n\nTypes: deb\nURIs: http://b/\nSuites: bookworm-security\n',
      entries: [
        { uri: 'http://a/debian', suites: ['bookworm', 'bookworm-updates'] },
        { uri: 'http://b/', suites: ['bookworm-security'] },
      ],
    },
    {
      title: 'the values of continued lines',
      text: 'Types: deb\nURIs:\n http://a/debian\n http://c/debian\nSuites: sid\n',
      entries: [{ uri: 'http://a/debian', suites: ['sid'] }],
    },
  ])('$title', ({ text, entries }) => {
    expect(deb822Entries(text)).toEqual(entries)
  })
})

describe('entries of .list files', () => {
  test.each([
    { title: 'none in an empty file', text: '', entries: [] },
    { title: 'none on a comment', text: '# deb http://a/ sid main', entries: [] },
    { title: 'none on a disc', text: 'deb cdrom:[Debian]/ sid main', entries: [] },
    { title: 'one a line', text: 'deb http://a/ sid main\n', entries: [{ uri: 'http://a/', suites: ['sid'] }] },
    {
      title: 'past options',
      text: 'deb [arch=amd64 trusted=yes] http://a/ sid main',
      entries: [{ uri: 'http://a/', suites: ['sid'] }],
    },
  ])('$title', ({ text, entries }) => {
    expect(oneLineEntries(text)).toEqual(entries)
  })
})

describe('the Debian mirror', () => {
  let apt: string
  beforeEach(() => {
    apt = mkdtempSync(`${tmpdir()}/apt-`)
    mkdirSync(`${apt}/sources.list.d`)
  })
  afterEach(() => rmSync(apt, { recursive: true }))

  test('is the one of a Debian suite, not of another vendor nor of the security archive', () => {
    writeFileSync(`${apt}/sources.list.d/a.sources`, 'Types: deb\nURIs: http://vendor/\nSuites: nodistro\n')
    writeFileSync(
      `${apt}/sources.list.d/b.list`,
      'deb http://security/ bookworm-security main\ndeb http://debian/ bookworm main\n',
    )
    expect(debianMirror(apt)).toBe('http://debian/')
  })

  test('is the first of a mirror list', () => {
    writeFileSync(`${apt}/mirrors`, 'http://first/debian\nhttp://second/debian\n')
    writeFileSync(`${apt}/sources.list`, `deb mirror+file://${apt}/mirrors sid main\n`)
    expect(debianMirror(apt)).toBe('http://first/debian')
  })

  test('is a problem when there is none', () => {
    expect(() => debianMirror(apt)).toThrow(expect.objectContaining({ code: 'LAB_MIRROR' }))
  })

  test('is a problem when there are no settings at all', () => {
    expect(() => debianMirror(`${apt}/absent`)).toThrow(expect.objectContaining({ code: 'LAB_MIRROR' }))
  })
})
