import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { afterAll, describe, expect, test } from 'vitest'
import type { AnyAction } from '../../engine/resource/action.ts'
import type { Command } from '../../engine/resource/command.ts'
import type { AnyModule } from '../../engine/resource/module.ts'
import type { AnyRead } from '../../engine/resource/read.ts'
import { actions, modules } from '../../modules/index.ts'
import { hasProgram } from '../shells.ts'
import { type ExampleTask, isRecord, tasksOf } from './examples.ts'
import { deepFreeze, FreshHost } from './fresh-host.ts'

/** All files of modules and of their parts. */
const sources = readdirSync(new URL('../../modules', import.meta.url), { recursive: true, encoding: 'utf8' })

const ALL: readonly (AnyModule | AnyAction)[] = [...modules, ...actions]

test('every name is there once, and in the order of the reference', () => {
  for (const list of [modules, actions]) {
    const names = list.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)].sort())
  }
})

describe.each(ALL.map((call) => ({ name: call.name, call })))('$name', ({ name, call }) => {
  const examples = call.examples.map((text) => ({ text, tasks: tasksOf(text) }))
  const own = examples.flatMap(({ tasks }) => tasks).filter((task) => task.call === call)

  test('has a hyphenated name, which is its file, and one line of summary', () => {
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    expect(sources.filter((path) => path.split('/').at(-1) === `${name}.ts`)).toHaveLength(1)
    expect(call.summary).toMatch(/^[A-Z][^\n]+\.$/)
  })

  test('has a strict schema in which every argument is described', () => {
    expect(call.args).toMatchObject({ type: 'object', additionalProperties: false })
    expect(flaws(call.args, name)).toEqual([])
  })

  test('says each rule about several arguments in words, by Arg.rule', () => {
    const { allOf = [], ...rest } = call.args
    expect(
      Object.keys(rest).filter((key) => ['anyOf', 'oneOf', 'not', 'if', 'dependentRequired'].includes(key)),
    ).toEqual([])
    for (const { description } of allOf) expect(description).toMatch(/^(takes|needs) .*[^.]$/)
  })

  test('shows itself in examples whose arguments are valid, several of them beside each other', () => {
    expect(own.length).toBeGreaterThan(1)
    const { validate, complaints } = validator(call.args)
    for (const { written } of own) {
      if (JSON.stringify(written).includes('{{')) continue
      validate(written)
      expect({ written, errors: validate.errors ?? [] }).toEqual({ written, errors: [] })
    }
    expect(complaints).toEqual([])
  })

  test('refuses an argument that it does not have', () => {
    const { validate } = validator(call.args)
    validate({ ...own[0]?.written, 'no-such-argument': 1 })
    expect(validate.errors?.map(({ keyword }) => keyword)).toContain('additionalProperties')
  })

  test('decides the same twice, on frozen input, and nothing once its predictions have come true', () => {
    for (const { tasks } of examples) {
      const host = new FreshHost()
      for (const task of tasks) {
        const { args } = task
        deepFreeze(args)
        if (isModule(task.call)) {
          expect(task.call.resource(args)).toMatch(/^[a-z-]+:./)
          expect(task.call.resource(args)).toBe(task.call.resource(args))
        }
        expect(keysOf(task)).toEqual(keysOf(task))
        const first = host.decide(task)
        expect(host.decide(task)).toEqual(first)
        host.accept(first)
        const then = host.decide(task)
        if (first.kind === 'plan' && then.kind === 'plan') expect(then.plan.changes).toEqual([])
      }
    }
  })

  test.skipIf(!hasProgram('busybox'))('builds commands that dash and busybox can read', () => {
    const commands = examples.flatMap(({ tasks }) => {
      const host = new FreshHost()
      return tasks.flatMap((task) => {
        const decided = host.decide(task)
        host.accept(decided)
        return [...host.looks(task), ...host.commands(task, decided)]
      })
    })
    expect(unreadable(commands)).toBe('')
  })
})

const folder = mkdtempSync(join(tmpdir(), 'commands-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What the shells say of commands that they cannot read. */
function unreadable(commands: readonly Command[]): string {
  const paths = commands.map(({ text }, index) => {
    const path = join(folder, String(index))
    writeFileSync(path, `{ ${text}\n} </dev/null\n`)
    return path
  })
  const script = 'for path; do dash -n "$path" 2>&1; busybox sh -n "$path" 2>&1; done'
  return execFileSync('dash', ['-c', script, 'dash', ...paths], { encoding: 'utf8' })
}

function keysOf({ call, args }: ExampleTask): string[] {
  return (Object.values(call.reads?.(args) ?? {}).flat() as AnyRead[]).map(({ key }) => key)
}

function isModule(call: AnyModule | AnyAction): call is AnyModule {
  return 'plan' in call
}

/** What is wrong with a schema: objects that are open, and arguments that nobody described. */
function flaws(schema: TSchema, at: string): string[] {
  const found: string[] = []
  for (const [name, part] of Object.entries<TSchema>(schema.properties ?? {})) {
    if (!/^[A-Z`].*[^\s.]\.$/s.test(part.description ?? '')) found.push(`${at}.${name} is not described by a sentence`)
    found.push(...flaws(part, `${at}.${name}`))
  }
  if (isRecord(schema.properties) && schema.additionalProperties !== false) found.push(`${at} is open`)
  const inner = [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  for (const part of inner) if (part?.type !== undefined || part?.anyOf) found.push(...flaws(part, `${at}[]`))
  return found
}

/** Strict: what the schema says in vain is a complaint. */
function validator(schema: TSchema) {
  const complaints: string[] = []
  const note = (...words: unknown[]) => complaints.push(words.join(' '))
  const ajv = new Ajv({
    strict: true,
    strictRequired: false,
    allErrors: true,
    allowUnionTypes: true,
    keywords: ['lockstep'],
    logger: { log: note, warn: note, error: note },
  })
  return { validate: ajv.compile(schema), complaints }
}
