import { describe, expect, test } from 'vitest'
import { fileName, isFor, parseKnownHosts } from '../../engine/remote/known-hosts.ts'

const A = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPMCS0n+LkiUfWiRfRisXGnuzE0axEM56+tXjQeXpnYl'
const B = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGiSaO4mHCPqyL1mruDnUJdGc21EgShnX0D7yhQ78+qi'

const PLAIN = `# a comment
web.example,10.0.0.1 ${A}
[web.example]:2222 ${A} comment here
*.lab,!bad.lab ${A}
h?st,192.168.*.1 ${B}
@revoked gone.example,*.lab ${B}
@cert-authority *.corp ${A}
@unknown odd.example ${A}

   indented.example\t${A}
MiXed.Example ${A}
broken-line
half.example ssh-ed25519
[2001:db8::1]:2222,2001:db8::2 ${A}
*,!not.example ${B}
`

const HASHED = `|1|JxrlpatdBzzM/Ct+02pK1XqzpFo=|ld5oSW1fbG+cRtRjnC1VOMuxx8o= ${A}
|1|G1w0vVQqyhbfyClzYEcsKAtytr0=|h+UxABLU3P4kbQ5ZXNC3SWW7tOc= ${A}
|1|G1AVY5w5vSEWnZNZEJ1qBMAS668=|AX3NDNz9mJqdUqUoNIKoGPakHjE= ${B}
|2|G1AVY5w5vSEWnZNZEJ1qBMAS668=|AX3NDNz9mJqdUqUoNIKoGPakHjE= ${B}
|1|broken ${B}
`

describe('known_hosts', () => {
  // The lines are those that ssh-keygen -F of OpenSSH 9.2 finds.
  test.each([
    ['web.example', [2, 15]],
    ['10.0.0.1', [2, 15]],
    ['[web.example]:2222', [3, 15]],
    ['[web.example]:23', [15]],
    ['x.lab', [4, 6, 15]],
    ['bad.lab', [6, 15]],
    ['host', [5, 15]],
    ['hst', [15]],
    ['192.168.7.1', [5, 15]],
    ['gone.example', [6, 15]],
    ['a.corp', [7, 15]],
    ['odd.example', [15]],
    ['indented.example', [10, 15]],
    ['mixed.example', [11, 15]],
    ['half.example', [15]],
    ['[2001:db8::1]:2222', [14, 15]],
    ['2001:db8::2', [14, 15]],
    ['not.example', []],
    ['', [15]],
  ])('finds %s where ssh-keygen does', (name, lines) => {
    const entries = parseKnownHosts('known_hosts', PLAIN)
    expect(entries.filter((entry) => isFor(entry, name)).map(({ line }) => line)).toEqual(lines)
  })

  test.each([
    ['web.example', [1]],
    ['10.0.0.1', [2]],
    ['[web.example]:2222', [3]],
    ['[web.example]:23', []],
    ['other', []],
  ])('finds %s under its hash', (name, lines) => {
    const entries = parseKnownHosts('known_hosts', HASHED)
    expect(entries.filter((entry) => isFor(entry, name)).map(({ line }) => line)).toEqual(lines)
  })

  test('reads marker, type and key', () => {
    expect(parseKnownHosts('f', `@revoked * ${A} who\n`)).toEqual([
      { file: 'f', line: 1, marker: 'revoked', names: '*', type: 'ssh-ed25519', key: A.split(' ')[1] },
    ])
  })

  test.each([[''], ['\n\n'], ['# only\n#comments']])('is empty for %j', (text) => {
    expect(parseKnownHosts('f', text)).toEqual([])
  })

  test('is quick about patterns that are made to be slow', () => {
    const [entry] = parseKnownHosts('f', `${'*a'.repeat(500)}* ${A}`)
    expect(entry && isFor(entry, 'a'.repeat(499))).toBe(false)
  })

  test.each([
    ['Web.Example', 22, 'web.example'],
    ['web', 2222, '[web]:2222'],
    ['2001:DB8::1', 22, '2001:db8::1'],
    ['2001:db8::1', 23, '[2001:db8::1]:23'],
  ])('files %s at port %i as %s', (address, port, name) => {
    expect(fileName(address, port)).toBe(name)
  })
})
