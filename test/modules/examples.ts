import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TSchema } from '@sinclair/typebox'
import { parse } from 'yaml'
import type { AnyAction } from '../../engine/resource/action.ts'
import type { AnyModule } from '../../engine/resource/module.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { actions, modules } from '../../modules/index.ts'

/** One task of an example: what it calls, with its arguments as they are written and as the engine hands them over. */
export interface ExampleTask {
  call: AnyModule | AnyAction
  written: Record<string, unknown>
  args: Record<string, unknown>
}

const KEYWORDS = [
  ...['name', 'register', 'when', 'notify', 'become', 'loop', 'ignore_errors', 'tags', 'no_log', 'vars'],
  ...['until', 'retries', 'delay'],
]

/** The tasks of an example, in order. Files and templates that they name lie in `examples/`. */
export function tasksOf(example: string): ExampleTask[] {
  const tasks: unknown = parse(example)
  if (!Array.isArray(tasks)) throw new Error('an example is a list of tasks')
  return tasks.map((task: Record<string, unknown>) => {
    const names = Object.keys(task).filter((key) => !KEYWORDS.includes(key))
    const call = [...modules, ...actions].find(({ name }) => name === names[0])
    if (!call || names.length !== 1) throw new Error(`a task of an example calls one module, not ${names.join(', ')}`)
    const value = task[call.name] ?? {}
    const written = isRecord(value) ? value : { [mainArgument(call.args)]: value }
    return { call, written, args: handedOver(call.args, written) as Record<string, unknown> }
  })
}

/** What the examples expect beside their playbook: `files/…` and `templates/…` with their text. */
export function exampleFiles(): Record<string, string> {
  const folder = new URL('examples/', import.meta.url)
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    names.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [relative(fileURLToPath(folder), path), readFileSync(path, 'utf8')]
    }),
  )
}

/** The argument that a plain text stands for, as in `command: make install`: the one marked so, or the only one that is needed. */
function mainArgument(schema: TSchema): string {
  const marked = Object.entries<TSchema>(schema.properties).find(([, { lockstep }]) => lockstep === 'main')
  return marked?.[0] ?? schema.required?.[0] ?? Object.keys(schema.properties)[0] ?? ''
}

/** What the engine makes of a written argument: a file beside the playbook becomes its content, a secret a Secret. */
function handedOver(schema: TSchema, value: unknown): unknown {
  switch (schema.lockstep) {
    case 'source':
      return { path: value, content: readFileSync(new URL(`examples/files/${value}`, import.meta.url)) }
    case 'template':
      return { path: value, content: readFileSync(new URL(`examples/templates/${value}`, import.meta.url), 'utf8') }
    case 'secret':
      return new Secret(String(value))
    case 'expressions':
      return [value].flat().map((expression) => ({ expression, value: true }))
  }
  if (Array.isArray(value)) return value.map((part) => (schema.items ? handedOver(schema.items, part) : part))
  if (!isRecord(value) || !schema.properties) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      schema.properties[key] ? handedOver(schema.properties[key], part) : part,
    ]),
  )
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
