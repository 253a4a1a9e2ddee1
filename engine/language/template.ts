import Handlebars from 'handlebars'
import type { Unknown } from '../resource/unknown.ts'
import type { Value } from '../resource/value.ts'
import { type Names, TextFailure } from './names.ts'
import { hideMade, MetUnknown, observe } from './observation.ts'
import { checkTemplate } from './template-check.ts'
import { renderText, renderValue } from './template-render.ts'
import { checkDepth, syntaxFailureOf } from './template-syntax.ts'

/** A Handlebars template, parsed. Nothing is escaped, and nothing may be missing. */
export interface Template {
  readonly text: string
  /** Root names that it reads. */
  readonly names: ReadonlySet<string>
  /** Throws TextFailure. A template that is one single mustache gives its value as it is, a list as a list. */
  evaluate(names: Names): Value | Unknown
}

const parsed = new Map<string, Template>()

/** Parses and checks a template; throws TextFailure. The same text gives the same object. That of a file is always text. */
export function parseTemplate(text: string, { isFile = false } = {}): Template {
  const key = isFile ? `file:${text}` : text
  let template = parsed.get(key)
  if (!template) {
    template = parse(text, isFile)
    parsed.set(key, template)
  }
  return template
}

/** Whether a text is more than itself. */
export function isTemplate(text: string): boolean {
  return text.includes('{{')
}

function parse(text: string, isFile: boolean): Template {
  const note = /\{#[^{}]*#\}/.exec(text)
  if (note && !text.slice(0, note.index).endsWith('{')) throw jinja(note, 'a comment is written {{! … }}')
  const block = /\{%-?\s*(if|for|set|block|include|macro|raw|endif|endfor)\b/.exec(text)
  if (block) throw jinja(block, 'write {{#if x}}…{{/if}} and {{#each list}}…{{/each}}')
  checkDepth(text)
  const program = parseProgram(text)
  const names = checkTemplate(program, text)
  const [only] = program.body
  const single =
    !isFile && program.body.length === 1 && only?.type === 'MustacheStatement'
      ? (only as hbs.AST.MustacheStatement)
      : undefined
  return {
    text,
    names,
    evaluate: (scope) =>
      observe((observation) => {
        try {
          const value = single ? renderValue(single, scope, text) : renderText(program, scope, text)
          return observation.secret ? hideMade(value, scope, observation) : value
        } catch (error) {
          if (error instanceof MetUnknown) return error.unknown
          throw error
        }
      }, scope),
  }
}

function jinja({ 0: written, index }: RegExpExecArray, hint: string): TextFailure {
  const message = 'templates are Handlebars, not Jinja'
  return new TextFailure({ code: 'TEMPLATE_SYNTAX', message, start: index, end: index + written.length, hint })
}

function parseProgram(text: string): hbs.AST.Program {
  try {
    return Handlebars.parse(text)
  } catch (error) {
    throw syntaxFailureOf(error, text)
  }
}
