import { type Static, Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { NamePart } from './x509.ts'
import { canonicalNames, NAME_PATTERN } from './x509-names.ts'

const part = (description: string, maxLength = 64) =>
  Type.Optional(Type.String({ pattern: '^[^\\x00-\\x1f\\x7f]+$', maxLength, description }))

/** Arguments about who a certificate is for. */
export const subjectArgs = {
  cn: Type.String({
    pattern: '^[^\\x00-\\x1f\\x7f]+$',
    maxLength: 64,
    description: 'Common name; programs go by `san`, and this is for people.',
  }),
  subject: Type.Optional(
    Arg.object(
      {
        c: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', description: 'Country, in two capital letters.' })),
        st: part('State or province.', 128),
        l: part('Town.', 128),
        o: part('Organization.'),
        ou: part('Part of the organization.'),
      },
      { description: 'What else the subject says.' },
    ),
  ),
}

/** Names and addresses that a certificate is for. */
export const namesArg = (description: string) =>
  Type.Optional(Type.Array(Type.String({ pattern: NAME_PATTERN, maxLength: 253 }), { description }))

const wishes = Arg.object(subjectArgs)

/** The whole subject, in the usual order. */
export function subjectOf({ cn, subject = {} }: Static<typeof wishes>): NamePart[] {
  const order = ['c', 'st', 'l', 'o', 'ou'] as const
  const parts = order.flatMap((kind): NamePart[] => {
    const value = subject[kind]
    return value === undefined ? [] : [[kind.toUpperCase(), value]]
  })
  return [...parts, ['CN', cn]]
}

/** What differs between two lists, in words; undefined when nothing does. Order does not count. */
export function namesFault(have: readonly string[], want: readonly string[]): string | undefined {
  const wanted = canonicalNames(want)
  const missing = wanted.filter((name) => !have.includes(name))
  const extra = have.filter((name) => !wanted.includes(name))
  const parts = [
    missing.length === 0 ? '' : `is not for ${missing.join(', ')}`,
    extra.length === 0 ? '' : `is for ${extra.join(', ')} too`,
  ].filter(Boolean)
  return parts.length === 0 ? undefined : parts.join(' and ')
}
