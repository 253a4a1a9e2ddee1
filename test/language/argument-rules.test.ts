import { expect, test } from 'vitest'
import { argumentProblems, awaits } from '../../engine/language/argument-problems.ts'
import { type ArgumentSchema, validateArguments } from '../../engine/language/argument-schema.ts'
import { Arg } from '../../engine/resource/arguments.ts'

const schema = Arg.object(
  { state: Arg.choice(['link', 'file'], {}), src: Arg.path({}), content: Arg.text({}) },
  {
    required: [],
    allOf: [
      Arg.rule('takes `src` only with `state: link`', {
        anyOf: [{ properties: { state: { type: 'string', const: 'link' } } }, { not: { required: ['src'] } }],
      }),
      Arg.rule('takes `src` or `content`, not both', { not: { required: ['src', 'content'] } }),
    ],
  },
) as ArgumentSchema

const place = { file: 'play.yml', line: 1, column: 1 } as never

/** What is said of these arguments while those in `holes` are not known yet. */
function said(args: Record<string, unknown>, holes: string[] = []): string[] {
  const errors = validateArguments(schema, args).filter((error) => awaits(error, schema, holes) !== true)
  return argumentProblems(errors, { name: 'thing', schema, node: undefined, place }).map(({ message }) => message)
}

test.each([
  ['nothing of what is right', { state: 'link', src: '/a' }, [], []],
  ['the sentence of the rule, once', { state: 'file', src: '/a' }, [], ['thing takes `src` only with `state: link`']],
  ['nothing while the value that a rule asks for is not known', { state: 'hole', src: '/a' }, ['/state'], []],
  [
    'a rule about presence, whatever the values',
    { state: 'link', src: '/a', content: 'hole' },
    ['/content'],
    ['thing takes `src` or `content`, not both'],
  ],
  [
    'every rule that is broken',
    { state: 'file', src: '/a', content: '' },
    [],
    ['thing takes `src` only with `state: link`', 'thing takes `src` or `content`, not both'],
  ],
])('says %s', (_, args, holes, sentences) => {
  expect(said(args, holes).filter((message) => message.startsWith('thing takes'))).toEqual(sentences)
})
