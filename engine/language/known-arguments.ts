import { Problem } from '../problem.ts'
import { type ArgumentPlace, argumentProblems, awaits } from './argument-problems.ts'
import { validateArguments } from './argument-schema.ts'
import type { CompiledArguments } from './call.ts'
import { holdsSecret } from './convert.ts'
import { regexProblem } from './regex.ts'
import type { Written } from './written.ts'
import { placeOf, plainOf } from './yaml-node.ts'

/** Stands for a value that is not known while compiling. */
export const HOLE = '\u0000hole'

/** What is wrong with arguments as they are written; what only hosts can tell is left open. */
export function checkWhatIsKnown({ at, values, expressions }: CompiledArguments): Problem[] {
  const holes: string[] = []
  const skeleton = Object.fromEntries(values.map(([name, written]) => [name, outline(written, `/${name}`, holes)]))
  for (const [name] of expressions) {
    skeleton[name] = HOLE
    holes.push(`/${name}`)
  }
  const errors = validateArguments(at.schema, skeleton).filter((error) => {
    const { instancePath, keyword } = error
    const waits = awaits(error, at.schema, holes)
    if (waits !== undefined) return !waits
    if (keyword === 'additionalProperties' || keyword === 'required') return !holes.includes(instancePath)
    return !holes.some((hole) => hole === instancePath || hole.startsWith(`${instancePath}/`))
  })
  return [...argumentProblems(errors, at), ...regexProblems(values, at)]
}

function outline(written: Written, path: string, holes: string[]): unknown {
  if (written.kind === 'literal') {
    const value = written.node ? plainOf(written.node) : null
    if (!holdsSecret(value)) return structuredClone(value)
  }
  if (written.kind === 'list') return written.items.map((item, index) => outline(item, `${path}/${index}`, holes))
  if (written.kind === 'map') {
    return Object.fromEntries(
      written.entries.map(([key, value]) => [
        key,
        outline(value, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, holes),
      ]),
    )
  }
  holes.push(path)
  return HOLE
}

function regexProblems(values: CompiledArguments['values'], { name, schema }: ArgumentPlace): Problem[] {
  return values.flatMap(([key, written]) => {
    if (
      schema.properties?.[key]?.lockstep !== 'regexp' ||
      written.kind !== 'literal' ||
      typeof written.value !== 'string'
    )
      return []
    const message = regexProblem(written.value)
    if (message === undefined) return []
    const place = written.node && placeOf(written.node)
    return [
      new Problem({
        code: 'WRONG_VALUE',
        message: `'${key}' of ${name} is no regular expression of RE2: ${message}`,
        place,
      }),
    ]
  })
}
