import { dirname, join } from 'node:path'
import { Problem } from '../problem.ts'
import { type Around, inside } from './around.ts'
import type { Compiler } from './compiler.ts'
import { Fields } from './fields.ts'
import { ANSIBLE_KEYWORDS, keywords } from './keywords.ts'
import { checkModuleDefaults } from './module-defaults.ts'
import type { BlockPath } from './playbook.ts'
import { collecting } from './problem-list.ts'
import { readSource } from './read-source.ts'
import { compileRole } from './role.ts'
import { rollOf } from './roll.ts'
import { compileTask, type Draft } from './task.ts'
import { parseYaml } from './yaml.ts'
import { type Entry, entryOf, type MapNode, placeOf, type YamlNode } from './yaml-node.ts'

/** Compiles a list of tasks, blocks and includes into the steps that it stands for, in reading order. */
export function compileTasks(node: YamlNode, around: Around, compiler: Compiler): Draft[] {
  if (node.kind === 'scalar' && node.value === null) return []
  if (node.kind !== 'list') {
    compiler.problems.push(
      new Problem({
        code: 'WRONG_TYPE',
        message: 'tasks are a list',
        place: placeOf(node),
        hint: 'begin each task with a dash',
      }),
    )
    return []
  }
  return node.items.flatMap((item, index) => {
    const own = { ...around, path: `${around.path}/${index}` }
    if (item.kind !== 'map') {
      compiler.problems.push(new Problem({ code: 'WRONG_TYPE', message: 'a task is a mapping', place: placeOf(item) }))
      return []
    }
    if (entryOf(item, 'block')) return compileBlock(item, own, compiler)
    if (entryOf(item, 'include')) return compileInclude(item, own, compiler)
    return compileTask(item, own, compiler) ?? []
  })
}

const SECTIONS = ['block', 'rescue', 'always'] as const

function compileBlock(node: MapNode, outer: Around, compiler: Compiler): Draft[] {
  const fields = new Fields(node, compiler.problems)
  fields.only(known(keywords.block, outer), 'a block', { ...ANSIBLE_KEYWORDS, loop: 'a loop is for one task' })
  checkModuleDefaults(fields, compiler)
  const around = asHandler(inside(outer, fields, 'block', fields.text('name') ?? 'a block'), fields)
  const roll = rollOf(fields, around.scope)
  const hasRescue = fields.value('rescue') !== undefined
  return SECTIONS.flatMap((section) => {
    const tasks = fields.value(section)
    if (!tasks) return []
    const block: BlockPath = { id: outer.path, section, hasRescue, ...(roll ? { roll } : {}) }
    return compileTasks(
      tasks,
      { ...around, blocks: [...outer.blocks, block], path: `${outer.path}/${section}` },
      compiler,
    )
  })
}

/** `include: tasks.yml`, `include: { tasks: tasks.yml }`, `include: { role: name }` or both, with the keywords of a block. */
function compileInclude(node: MapNode, outer: Around, compiler: Compiler): Draft[] {
  const fields = new Fields(node, compiler.problems)
  const shared = [...keywords.block].filter((keyword) => !(SECTIONS as readonly string[]).includes(keyword))
  fields.only([...known(shared, outer), 'include'], 'an include', {
    ...ANSIBLE_KEYWORDS,
    loop: 'an include is read once, while compiling: put the loop on its tasks',
  })
  checkModuleDefaults(fields, compiler)
  const entry = fields.entry('include')
  if (!entry) return []
  const around = asHandler(rolled(inside(outer, fields, 'block', fields.text('name') ?? 'an include'), fields), fields)
  if (entry.value.kind === 'map') {
    const parts = new Fields(entry.value, compiler.problems)
    parts.only(['tasks', 'role'], 'include', { playbook: 'a playbook is included in the list of plays' })
    const role = parts.scalar('role')
    const tasks = parts.entry('tasks')
    if (role) return compileRole({ name: role.text, at: role.at, outer: outer.scope, tasks }, around, compiler)
    return tasks ? includeFile(tasks, around, compiler) : []
  }
  return includeFile(entry, around, compiler)
}

/** What listens is a handler. */
function known(words: Iterable<string>, { handler }: Around): string[] {
  return handler === 'each' ? [...words, 'listen'] : [...words]
}

/** A block or an include with a name among handlers is one handler, whose tasks run one after the other where it is due. */
function asHandler(around: Around, fields: Fields): Around {
  const name = fields.text('name')
  if (around.handler !== 'each' || name === undefined) return around
  return { ...around, handler: { name, listen: fields.scalars('listen').map(({ text }) => text) } }
}

/** An include or a role that is rolled is a block of its own. */
export function rolled(around: Around, fields: Fields): Around {
  const roll = rollOf(fields, around.scope)
  if (!roll) return around
  return { ...around, blocks: [...around.blocks, { id: around.path, section: 'block', hasRescue: false, roll }] }
}

/** Compiles the file of tasks that an entry names, by its path from the folder around. */
export function includeFile({ value }: Entry, around: Around, compiler: Compiler): Draft[] {
  if (value.kind !== 'scalar' || value.text.includes('{{') || value.isExpression) {
    const hint = 'write the path as it is, and a condition with when'
    compiler.problems.push(
      new Problem({
        code: 'STATIC_INCLUDE',
        message: 'an include is read while compiling: its path is a plain text',
        place: placeOf(value),
        hint,
      }),
    )
    return []
  }
  const path = value.text.startsWith('/') ? value.text : join(around.folder, value.text)
  return compileTaskFile(path, { ...around, path: `${around.path}/include` }, compiler, placeOf(value))
}

/** Compiles the tasks of a file. */
export function compileTaskFile(path: string, around: Around, compiler: Compiler, place: Problem['place']): Draft[] {
  if (compiler.open.includes(path)) {
    const circle = [...compiler.open.slice(compiler.open.indexOf(path)), path].join(' → ')
    compiler.problems.push(
      new Problem({ code: 'INCLUDE_CIRCLE', message: `this file includes itself: ${circle}`, place }),
    )
    return []
  }
  const node = collecting(compiler.problems, () =>
    parseYaml(readSource(path, place, compiler.clearTexts), compiler.problems),
  )
  const inner = { ...compiler, open: [...compiler.open, path] }
  return node ? compileTasks(node, { ...around, folder: dirname(path) }, inner) : []
}
