import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { Arg } from '../../engine/resource/arguments.ts'

function accepts(schema: object, value: unknown): boolean {
  return new Ajv({ keywords: ['lockstep'] }).validate(schema, value) as boolean
}

describe('a mode', () => {
  test.each(['0644', '644', '1777', '0000', 'u=rwX,go=rX', 'g+s', 'a='])('may be %s', (mode) => {
    expect(accepts(Arg.mode({}), mode)).toBe(true)
  })

  test.each([0o644, 644, 0, true, null, '', '0o644', '00644', '9', 'rwxr-xr-x', 'u=rw;id'])('may not be %s', (mode) => {
    expect(accepts(Arg.mode({}), mode)).toBe(false)
  })
})

describe('an account', () => {
  test.each(['root', 'mm-tunnel', 'www_data', 'host$', 'user@example.org', 'EXAMPLE\\user', '_apt', 'u1'])(
    'may be %s',
    (name) => expect(accepts(Arg.account({}), name)).toBe(true),
  )

  test.each(['', '0', '1000', '-x', 'a:b', 'a b', '../x', 1000, null])('may not be %s', (name) => {
    expect(accepts(Arg.account({}), name)).toBe(false)
  })
})

describe('a path', () => {
  test.each(['/', '/etc/x y', "/it's", '/ä'])('may be %s', (path) => expect(accepts(Arg.path({}), path)).toBe(true))

  test.each(['', 'etc/x', './x', '~/x', '/etc/x\n', 7])('may not be %j', (path) => {
    expect(accepts(Arg.path({}), path)).toBe(false)
  })
})

test('a rule keeps its schema and gains its sentence', () => {
  expect(Arg.rule('needs `a`', { required: ['a'] })).toEqual({ required: ['a'], description: 'needs `a`' })
})
