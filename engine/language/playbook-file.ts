import { dirname, join } from 'node:path'
import { Problem } from '../problem.ts'
import type { Compiler } from './compiler.ts'
import type { DraftPlay } from './play.ts'
import { collecting } from './problem-list.ts'
import { readSource } from './read-source.ts'
import { parseYaml } from './yaml.ts'
import { entryOf, type MapNode, placeOf } from './yaml-node.ts'

/** The plays of a file and of those that it includes. */
export function compilePlaybook(
  path: string,
  compiler: Compiler,
  compileOne: (node: MapNode, position: number, folder: string) => DraftPlay,
): DraftPlay[] {
  let position = 0
  return read(path, [], undefined)

  function read(file: string, open: readonly string[], place: Problem['place']): DraftPlay[] {
    if (open.includes(file)) {
      compiler.problems.push(
        new Problem({
          code: 'INCLUDE_CIRCLE',
          message: `this playbook includes itself: ${[...open, file].join(' → ')}`,
          place,
        }),
      )
      return []
    }
    const node = collecting(compiler.problems, () =>
      parseYaml(readSource(file, place, compiler.clearTexts), compiler.problems),
    )
    if (!node) {
      if (compiler.problems.length === 0)
        compiler.problems.push(new Problem({ code: 'EMPTY_PLAYBOOK', message: `${file} holds no plays`, place }))
      return []
    }
    if (node.kind !== 'list') {
      compiler.problems.push(
        new Problem({
          code: 'WRONG_TYPE',
          message: 'a playbook is a list of plays',
          place: placeOf(node),
          hint: 'begin each play with a dash',
        }),
      )
      return []
    }
    return node.items.flatMap((item) => {
      if (item.kind !== 'map') {
        compiler.problems.push(
          new Problem({ code: 'WRONG_TYPE', message: 'a play is a mapping', place: placeOf(item) }),
        )
        return []
      }
      const include = entryOf(item, 'include')
      if (!include) return [compileOne(item, position++, dirname(file))]
      const inner = include.value.kind === 'map' ? entryOf(include.value, 'playbook')?.value : include.value
      if (inner?.kind === 'scalar') return read(join(dirname(file), inner.text), [...open, file], placeOf(inner))
      compiler.problems.push(
        new Problem({
          code: 'WRONG_TYPE',
          message: 'a play includes a playbook by its path',
          place: placeOf(include.value),
        }),
      )
      return []
    })
  }
}
