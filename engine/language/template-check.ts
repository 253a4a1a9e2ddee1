import { nearest } from '../problem.ts'
import { parseCel } from './cel.ts'
import { functions } from './functions/functions.ts'
import { fromJinja } from './jinja.ts'
import { TextFailure } from './names.ts'
import { spanOf } from './template-syntax.ts'

/** What a place inside a template can name beside the root's names. */
interface Level {
  isRoot: boolean
  params: ReadonlySet<string>
  parent: Level | undefined
}

const OWN = ['default', 'defined', 'lookup', 'cel', 'if']
/** `raw` is written {{{{raw}}}} … {{{{/raw}}}} and stands for itself. */
const BLOCKS = ['if', 'unless', 'each', 'with', 'raw']

/** Finds unknown helpers and blocks before anything is rendered, and collects the root names that the template reads. */
export function checkTemplate(program: hbs.AST.Program, text: string): ReadonlySet<string> {
  const checker = new Checker(text)
  checker.program(program, { isRoot: true, params: new Set(), parent: undefined })
  if (checker.names.has('hostvars') && /\bfacts\b/.test(text)) checker.names.add('facts')
  return checker.names
}

class Checker {
  readonly names = new Set<string>()
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  program(program: hbs.AST.Program | undefined, level: Level): void {
    for (const statement of program?.body ?? []) this.#statement(statement, level)
  }

  #statement(statement: hbs.AST.Statement, level: Level): void {
    if (statement.type === 'MustacheStatement') this.#call(statement as hbs.AST.MustacheStatement, level)
    else if (statement.type === 'BlockStatement') this.#block(statement as hbs.AST.BlockStatement, level)
    else if (!['ContentStatement', 'CommentStatement'].includes(statement.type)) {
      throw this.#failure(statement, 'TEMPLATE_SYNTAX', 'templates have no partials and no decorators')
    }
  }

  #block(block: hbs.AST.BlockStatement, level: Level): void {
    const name = block.path.original
    if (!BLOCKS.includes(name)) {
      throw this.#failure(
        block.path,
        'UNKNOWN_HELPER',
        `there is no block '${name}'`,
        `blocks are ${BLOCKS.map((each) => `{{#${each}}}`).join(', ')}`,
      )
    }
    if (block.params.length !== (name === 'raw' ? 0 : 1))
      throw this.#failure(block, 'TEMPLATE_SYNTAX', `{{#${name}}} takes ${name === 'raw' ? 'no' : 'one'} value`)
    for (const param of block.params) this.#expression(param, level)
    const moves = name === 'each' || name === 'with'
    const params = new Set([...level.params, ...(block.program?.blockParams ?? [])])
    this.program(block.program, moves ? { isRoot: false, params, parent: level } : level)
    this.program(block.inverse, level)
  }

  #call(call: hbs.AST.MustacheStatement | hbs.AST.SubExpression, level: Level): void {
    const isCall = call.params.length > 0 || call.type === 'SubExpression'
    if (call.hash?.pairs.length) throw this.#failure(call, 'TEMPLATE_SYNTAX', 'helpers take no named values')
    if (!isCall) {
      this.#expression(call.path as hbs.AST.Expression, level)
      return
    }
    const name = String((call.path as hbs.AST.PathExpression).original)
    if (!OWN.includes(name) && !functions.has(name)) {
      const near = nearest(name, [...functions.keys(), ...OWN])
      throw this.#failure(
        call.path as hbs.AST.Node,
        'UNKNOWN_HELPER',
        `there is no helper '${name}'`,
        near ? `did you mean '${near}'?` : this.#fromJinja(call),
      )
    }
    const counts: Record<string, readonly number[]> = { default: [2], defined: [1], lookup: [2], cel: [1], if: [2, 3] }
    const count = counts[name]
    if (count && !count.includes(call.params.length)) {
      throw this.#failure(
        call,
        'TEMPLATE_SYNTAX',
        `${name} takes ${count.join(' or ')} values, not ${call.params.length}`,
      )
    }
    if (name === 'cel') this.#cel(call, level)
    else for (const param of call.params) this.#expression(param, level)
  }

  /** Jinja's `'a' if b else 'c'` is a call of the helper a to Handlebars. */
  #fromJinja(call: hbs.AST.Node): string | undefined {
    const { start, end } = spanOf(call, this.#text)
    const ours = fromJinja(this.#text.slice(start, end).replace(/^\{\{|\}\}$/g, ''))
    return ours && `write ${ours}`
  }

  #cel(call: hbs.AST.MustacheStatement | hbs.AST.SubExpression, level: Level): void {
    const [param] = call.params
    if (param?.type !== 'StringLiteral')
      throw this.#failure(call, 'TEMPLATE_SYNTAX', 'cel takes an expression in quotes')
    const { value } = param as hbs.AST.StringLiteral
    const { start } = spanOf(param, this.#text)
    try {
      for (const name of parseCel(value).names) if (name !== 'this' && !level.params.has(name)) this.names.add(name)
    } catch (error) {
      if (!(error instanceof TextFailure)) throw error
      const { code, message, hint } = error
      throw new TextFailure({ code, message, hint, start: start + 1 + error.start, end: start + 1 + error.end })
    }
  }

  #expression(expression: hbs.AST.Expression, level: Level): void {
    if (expression.type === 'SubExpression') this.#call(expression as hbs.AST.SubExpression, level)
    if (expression.type !== 'PathExpression') return
    const { data, depth, parts, original } = expression as hbs.AST.PathExpression
    const isThis = /^(this|\.)/.test(String(original))
    const [first] = parts
    if (data) {
      if (first === 'root' && parts[1] !== undefined) this.names.add(parts[1])
      return
    }
    let found: Level | undefined = level
    for (let up = 0; up < depth; up++) found = found?.parent
    if (!found) throw this.#failure(expression, 'TEMPLATE_SYNTAX', `${original} leads out of the template`)
    if (found.isRoot && first === undefined)
      throw this.#failure(
        expression,
        'TEMPLATE_SYNTAX',
        `${original} has no meaning outside of {{#each}} and {{#with}}`,
      )
    if (found.isRoot && first !== undefined && (isThis || !level.params.has(first))) this.names.add(first)
  }

  #failure(node: hbs.AST.Node, code: string, message: string, hint?: string): TextFailure {
    return new TextFailure({ code, message, hint, ...spanOf(node, this.#text) })
  }
}
