/** What a mustache of Jinja's would be in Handlebars, as far as one can tell from its text; undefined when one cannot. */
export function fromJinja(inside: string): string | undefined {
  const text = inside.trim()
  const choice = /^(.+?)\s+if\s+(.+?)\s+else\s+(.+)$/.exec(text)
  if (choice) {
    const [, yes = '', condition = '', no = ''] = choice.map((part) => part.trim())
    return isWord(condition) && isValue(yes) && isValue(no)
      ? `{{if ${condition} ${quoted(yes)} ${quoted(no)}}}`
      : `{{cel "CONDITION ? A : B"}}`
  }
  const lookup = /^(?:lookup|query|q)\(\s*'(env|file)'\s*,\s*'([^']*)'\s*\)$/.exec(text.replaceAll('"', "'"))
  if (lookup) return lookup[1] === 'env' ? `{{env.${lookup[2]}}}` : `{{file "${lookup[2]}"}}`
  const [first = '', ...filters] = text.split(/\s*\|\s*/)
  if (filters.length === 0 || !isValue(first)) return undefined
  let call = quoted(first)
  for (const [index, filter] of filters.entries()) {
    const [, name = '', args = ''] = /^(\w+)(?:\((.*)\))?$/.exec(filter) ?? []
    const ours = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined
    const values = args === '' ? [] : args.split(/\s*,\s*/)
    if (ours === undefined || !values.every(isValue)) return undefined
    const inner = index === 0 ? call : `(${call})`
    call = [ours, inner, ...values.map(quoted)].join(' ')
  }
  return `{{${call}}}`
}

/** Filters that have a function of the same values in the same order. */
const FILTERS: Readonly<Record<string, string>> = {
  b64decode: 'b64decode',
  b64encode: 'b64encode',
  basename: 'basename',
  capitalize: 'capitalize',
  count: 'length',
  d: 'default',
  default: 'default',
  dict2items: 'items',
  difference: 'difference',
  dirname: 'dirname',
  first: 'first',
  flatten: 'flatten',
  float: 'number',
  from_json: 'parse_json',
  from_yaml: 'parse_yaml',
  indent: 'indent',
  int: 'number',
  intersect: 'intersect',
  join: 'join',
  last: 'last',
  length: 'length',
  lower: 'lower',
  max: 'max',
  min: 'min',
  quote: 'quote',
  regex_findall: 'regex_find_all',
  regex_replace: 'regex_replace',
  regex_search: 'regex_find',
  replace: 'replace',
  reverse: 'reverse',
  sort: 'sort',
  string: 'text',
  sum: 'sum',
  to_json: 'json',
  to_nice_json: 'json',
  to_nice_yaml: 'yaml',
  to_yaml: 'yaml',
  trim: 'trim',
  union: 'union',
  unique: 'unique',
  upper: 'upper',
}

function isWord(text: string): boolean {
  return /^[A-Za-z_][\w.]*$/.test(text)
}

function isValue(text: string): boolean {
  return isWord(text) || /^-?\d+(\.\d+)?$/.test(text) || /^(['"])[^'"]*\1$/.test(text)
}

/** Handlebars takes both kinds of quotes; the other one stands around it in YAML more often. */
function quoted(text: string): string {
  return text
    .replace(/^'(.*)'$/, '"$1"')
    .replace(/^True$/, 'true')
    .replace(/^False$/, 'false')
}
