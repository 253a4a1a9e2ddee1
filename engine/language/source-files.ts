import { existsSync, statSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { type Place, Problem } from '../problem.ts'
import type { SourceFile } from '../resource/arguments.ts'
import { HELD_LIMIT, LargeFile } from '../resource/large-file.ts'
import { Secret } from '../resource/secret.ts'
import type { Unknown } from '../resource/unknown.ts'
import type { ClearTexts } from './encrypted/clear-texts.ts'
import { type Sealed, sealKind } from './encrypted/sealed.ts'
import { FunctionError } from './functions/define.ts'
import { largeSource } from './large-source.ts'
import { type Names, TextFailure } from './names.ts'
import { readSecret } from './observation.ts'
import { readBytes, readSource } from './read-source.ts'
import type { SourceText } from './source-text.ts'
import { parseTemplate, type Template } from './template.ts'
import type { Lexical } from './variables.ts'

/** The files and templates beside a playbook and its roles; each is read once. */
export class SourceFiles {
  readonly #folder: string
  readonly #clearTexts: ClearTexts | undefined
  readonly #contents = new Map<string, Buffer | LargeFile>()
  readonly #templates = new Map<string, { source: SourceText; template: Template }>()
  /** Where what was asked for was found. */
  readonly #found = new Map<string, string>()

  /** `folder` is the playbook's. */
  constructor(folder: string, clearTexts?: ClearTexts) {
    this.#folder = folder
    this.#clearTexts = clearTexts
  }

  /** A file as it is; a vault of Ansible, and `x.age` where `x` is asked for and is not there, as the secret that it holds. */
  source(path: string, scope: Lexical | undefined, place: Place): SourceFile {
    const found = this.find(path, 'files', scope, place, this.#clearTexts ? ['', '.age'] : [''])
    const clearTexts = this.#clearTexts
    const opens = (kind: Sealed['kind']) => clearTexts !== undefined && !(kind === 'age' && path.endsWith('.age'))
    let content = this.#contents.get(found)
    if (!content) {
      content = largeSource(found, place, opens) ?? readBytes(found, place)
      this.#contents.set(found, content)
    }
    if (content instanceof LargeFile) return { path, content }
    const kind = sealKind(content)
    if (!clearTexts || kind === undefined || !opens(kind)) return { path, content }
    const secret = new Secret(clearTexts.read({ kind, content, file: found, place }) ?? '')
    clearTexts.secrets.add(secret)
    return { path, content: secret }
  }

  /** A text file as a function reads it; throws FunctionError, whose place is known where it is called. */
  text(path: string, scope: Lexical | undefined): string {
    try {
      const { content } = this.source(path, scope, NOWHERE)
      if (content instanceof LargeFile) throw tooLarge(path)
      return content instanceof Secret
        ? String(readSecret(content))
        : new TextDecoder('utf-8', { fatal: true }).decode(content)
    } catch (error) {
      if (error instanceof TypeError) throw new FunctionError(`${path} is no text`, { code: 'FILE_KIND' })
      if (!(error instanceof Problem)) throw error
      throw new FunctionError(error.message, { code: error.code, hint: error.hint })
    }
  }

  /** A template's text for those who know the names; Unknown when one of them is. */
  render(
    path: string,
    scope: Lexical | undefined,
    names: Names,
    place: Place,
  ): { path: string; content: string | Secret | Unknown } {
    const { source, template } = this.template(path, scope, place)
    try {
      const value = template.evaluate(names)
      return { path, content: typeof value === 'string' || value instanceof Secret ? value : (value as Unknown) }
    } catch (error) {
      throw inTemplate(error, source)
    }
  }

  template(path: string, scope: Lexical | undefined, place: Place): { source: SourceText; template: Template } {
    const found = this.find(path, 'templates', scope, place)
    let entry = this.#templates.get(found)
    if (!entry) {
      const source = readSource(found, place)
      try {
        entry = { source, template: parseTemplate(source.text, { isFile: true }) }
      } catch (error) {
        throw inTemplate(error, source)
      }
      this.#templates.set(found, entry)
    }
    return entry
  }

  /** Where a relative path leads: to the role's folder when a role asks, then to the playbook's, then beside it. */
  find(path: string, kind: 'files' | 'templates', scope: Lexical | undefined, place: Place, endings = ['']): string {
    const roots: string[] = []
    for (let at = scope; at; at = at.parent) if (at.folder !== undefined) roots.push(at.folder)
    if (!roots.includes(this.#folder)) roots.push(this.#folder)
    const key = JSON.stringify([path, kind, roots, endings])
    const known = this.#found.get(key)
    if (known !== undefined) return known
    const tried = path.startsWith('/') ? [path] : roots.flatMap((root) => [join(root, kind, path), join(root, path)])
    if (!path.startsWith('/')) tried.push(normalize(join(this.#folder, '..', kind, path)))
    const found = endings
      .flatMap((ending) => tried.map((candidate) => candidate + ending))
      .find((candidate) => existsSync(candidate) && statSync(candidate).isFile())
    if (found !== undefined) {
      this.#found.set(key, found)
      return found
    }
    const what = kind === 'files' ? 'file' : 'template'
    throw new Problem({
      code: 'FILE_MISSING',
      message: `there is no ${what} '${path}'`,
      place,
      hint: `looked for ${tried.join(', ')}`,
    })
  }
}

function tooLarge(path: string): FunctionError {
  const message = `${path} is too large to be a text here: it has more than ${HELD_LIMIT} bytes`
  return new FunctionError(message, { code: 'FILE_KIND', hint: 'bring it to the host with `copy`' })
}

/** A place that the caller knows better. */
const NOWHERE: Place = { file: '', line: 1, column: 1 }

function inTemplate(error: unknown, source: SourceText): unknown {
  if (!(error instanceof TextFailure)) return error
  const { code, message, hint, start, end } = error
  return new Problem({ code, message, hint, place: source.placeAt(start, end) })
}
