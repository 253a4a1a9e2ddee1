import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import { TaskFailure } from '../../engine/resource/module.ts'
import { tidy } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import type { Value, ValueMap } from '../../engine/resource/value.ts'
import { contentArgs, defineContentModule } from './file-content.ts'
import { type Json, JsonText } from './json-edit.ts'
import { editableText } from './text-lines.ts'

/** Some keys of a JSON file whose other keys are not ours. */
export const jsonFile = defineContentModule({
  name: 'json-file',
  summary: 'Keys of a JSON file whose other keys, spaces and comments stay as they are.',
  args: Arg.object(
    {
      path: Arg.path({ description: 'Path of the file on the host.' }),
      merge: Type.Optional(
        Type.Unsafe<ValueMap>({
          type: 'object',
          lockstep: 'value',
          description:
            'What the file shall hold: objects are merged key by key, lists and all else are replaced as a whole.',
        }),
      ),
      remove: Type.Optional(
        Type.Array(Type.String({ pattern: '^(/([^/~]|~0|~1)+)+$', description: 'One JSON Pointer.' }), {
          description: 'Keys that shall not be there, as JSON Pointers (RFC 6901): /LogSettings/Level.',
        }),
      ),
      create: Type.Optional(
        Type.Boolean({ description: 'Creates the file when it is absent; otherwise that is a failure.' }),
      ),
      ...contentArgs,
    },
    { allOf: [Arg.rule('needs `merge` or `remove`', { anyOf: [{ required: ['merge'] }, { required: ['remove'] }] })] },
  ),
  examples: [
    `- json-file: { path: /etc/example.json, create: true, mode: "0600", merge: { Cluster: { Enable: true, Port: 8074 } } }
- json-file: { path: /etc/example.json, merge: { Cluster: { Name: one, Peers: [a, b] } } }
- json-file: { path: /etc/example.json, remove: [/Old, /Cluster/Unused] }`,
  ],

  resource: ({ path, merge, remove }) =>
    `json:${tidy(path)}:${[...Object.keys(merge ?? {}), ...(remove ?? [])].join(',')}`,

  file: ({ path }) => ({ path }),

  content({ path, merge, remove, create }, have) {
    if (have.file.type === 'absent') {
      if (merge === undefined) return undefined
      if (!create) throw new TaskFailure(`the file ${path} does not exist`, 'write it first, or say `create: true`')
    }
    const plain = { isSecret: false }
    const text = open(path, editableText(path, have) ?? '')
    text.merge(Object.fromEntries(Object.entries(merge ?? {}).map(([key, value]) => [key, reveal(value, plain)])))
    for (const pointer of remove ?? []) text.remove(keysOf(pointer))
    return plain.isSecret ? new Secret(text.text) : text.text
  },
})

function open(path: string, text: string): JsonText {
  try {
    return new JsonText(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new TaskFailure(
      `${path} is not a JSON object: ${error.message}`,
      'mend it by hand, or write all of it with `copy`',
    )
  }
}

/** The value as it is written to the file; notes when a secret is in it. */
function reveal(value: Value, seen: { isSecret: boolean }): Json {
  if (value instanceof Secret) {
    seen.isSecret = true
    return value.value
  }
  if (Array.isArray(value)) return value.map((part) => reveal(part, seen))
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, reveal(part, seen)]))
}

/** The keys of a JSON Pointer, RFC 6901 section 4. */
function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}
