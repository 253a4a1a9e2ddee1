import type { AnyAction } from '../resource/action.ts'
import type { AnyModule } from '../resource/module.ts'

/** What the reference shows of a module or an action; their `args` are JSON Schemas. */
export interface ReferenceEntry {
  kind: 'module' | 'action'
  name: string
  summary: string
  args: Schema
  examples: readonly string[]
  looks?: true
}

/** The part of JSON Schema that arguments are written in. */
interface Schema {
  type?: string | readonly string[]
  lockstep?: string
  description?: string
  default?: unknown
  const?: unknown
  enum?: readonly unknown[]
  items?: Schema
  anyOf?: readonly Schema[]
  properties?: Readonly<Record<string, Schema>>
  patternProperties?: Readonly<Record<string, Schema>>
  additionalProperties?: boolean | Schema
  required?: readonly string[]
}

export function entriesOf(modules: readonly AnyModule[], actions: readonly AnyAction[]): ReferenceEntry[] {
  return [
    ...modules.map((module) => ({ kind: 'module' as const, ...plain(module) })),
    ...actions.map((action) => ({ kind: 'action' as const, ...plain(action) })),
  ]
}

/** All of docs/modules.md. */
export function wholeReference(entries: readonly ReferenceEntry[]): string {
  const list = (kind: ReferenceEntry['kind']) =>
    entries.filter((entry) => entry.kind === kind).map(({ name, summary }) => `- [${name}](#${name}): ${summary}`)
  return [
    '# Modules and actions',
    'A **module** declares the state of one thing; a second run changes nothing. An **action** does something.',
    'Made from the code by `npm run docs`; `lockstep doc NAME` shows the same.',
    '## Modules',
    list('module').join('\n'),
    '## Actions',
    list('action').join('\n'),
    ...entries.map((entry) => `${referenceOf(entry).trimEnd()}`),
  ]
    .join('\n\n')
    .concat('\n')
}

/** One module or action as Markdown: summary, arguments, examples. */
export function referenceOf({ kind, name, summary, args, examples, looks }: ReferenceEntry): string {
  const nature = kind === 'module' ? 'Module' : looks ? 'Action; it only looks, so check mode runs it too' : 'Action'
  const parts = [`## ${name}`, `${summary}`, `*${nature}.*`]
  const rows = argumentRows(args, '')
  if (rows.length > 0) parts.push(rows.join('\n'))
  for (const example of examples) parts.push(`\`\`\`yaml\n${example.trimEnd()}\n\`\`\``)
  return `${parts.join('\n\n')}\n`
}

/** One line an argument; those inside a list or a map stand below it with their path. */
function argumentRows(schema: Schema, path: string): string[] {
  const rows: string[] = []
  for (const [name, argument] of Object.entries(schema.properties ?? {})) {
    const whole = `${path}${name}`
    const isRequired = schema.required?.includes(name) ?? false
    const notes = [typeWords(argument), isRequired ? '**required**' : defaultWords(argument)].filter(Boolean)
    rows.push(`- \`${whole}\` (${notes.join(', ')}): ${argument.description ?? ''}`.trimEnd())
    for (const { schema: inner, step } of insides(argument)) rows.push(...argumentRows(inner, `${whole}${step}.`))
  }
  return rows
}

function insides(schema: Schema): { schema: Schema; step: string }[] {
  if (schema.properties) return [{ schema, step: '' }]
  if (schema.items) return insides(schema.items).map((inside) => ({ ...inside, step: `[]${inside.step}` }))
  return (schema.anyOf ?? []).flatMap(insides)
}

function typeWords(schema: Schema): string {
  if (schema.lockstep !== undefined && schema.lockstep in kindWords) return kindWords[schema.lockstep] ?? ''
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(' or ')
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeWords))].join(' or ')
  if (schema.type === 'array') return schema.items ? `list of ${typeWords(schema.items)}` : 'list'
  if (schema.type === 'object') return 'map'
  if (schema.type === undefined) return 'anything'
  return [schema.type]
    .flat()
    .map((type) => typeNames[type] ?? type)
    .join(' or ')
}

const typeNames: Readonly<Record<string, string>> = { string: 'text', integer: 'number', boolean: 'true or false' }

/** What `Arg` adds to JSON Schema. */
const kindWords: Readonly<Record<string, string>> = {
  mode: 'mode',
  path: 'path on the host',
  source: 'file beside the playbook',
  template: 'template beside the playbook',
  secret: 'secret text',
  text: 'text',
  regexp: 'RE2 regular expression',
  expressions: 'expression or list of them',
}

function defaultWords({ default: value }: Schema): string {
  return value === undefined ? '' : `default \`${JSON.stringify(value)}\``
}

function plain({ name, summary, args, examples, ...rest }: AnyModule | AnyAction): Omit<ReferenceEntry, 'kind'> {
  return { name, summary, args, examples, ...('looks' in rest && rest.looks ? { looks: true } : {}) }
}
