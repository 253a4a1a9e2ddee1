/** A function of templates and expressions, as the reference shows it. */
export interface FunctionEntry {
  name: string
  summary: string
  /** Kinds of its values; a question mark behind one says that it may be left out. */
  params: readonly string[]
}

/** All of docs/functions.md. */
export function functionReference(functions: readonly FunctionEntry[]): string {
  const rows = functions.map((one) => `| \`${callOf(one)}\` | ${one.summary} |`)
  return [
    '# Functions',
    'The same functions are helpers of templates, `{{name value …}}`, and functions of expressions, `name(value, …)` or\n`value.name(…)`. Made from the code by `npm run docs`; `lockstep doc NAME` shows one of them.',
    ['| expression | |', '| --- | --- |', ...rows].join('\n'),
  ]
    .join('\n\n')
    .concat('\n')
}

/** One function: how it is called in an expression and in a template, and what it gives. */
export function functionText(one: FunctionEntry): string {
  const words = [one.name, ...one.params.map((param) => param.replace('?', ''))].join(' ')
  return `${callOf(one)}\n{{${words}}}\n\n${one.summary}\n`
}

function callOf({ name, params }: FunctionEntry): string {
  const needed = params.filter((param) => !param.endsWith('?')).join(', ')
  const more = params.filter((param) => param.endsWith('?')).map((param) => `, ${param.slice(0, -1)}`)
  const optional = more.length > 0 ? `[${needed === '' ? more.join('').slice(2) : more.join('')}]` : ''
  return `${name}(${needed}${optional})`
}
