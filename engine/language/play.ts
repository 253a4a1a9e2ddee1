import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { Unknown } from '../resource/unknown.ts'
import { type Around, DEFAULT_TIMEOUT_MS, definitionsOf, inside, withDefinitions } from './around.ts'
import type { Compiler } from './compiler.ts'
import { Fields } from './fields.ts'
import type { RoleInputs } from './inputs.ts'
import { ANSIBLE_KEYWORDS, keywords } from './keywords.ts'
import { checkModuleDefaults } from './module-defaults.ts'
import { compileRoles } from './play-roles.ts'
import type { Play, SectionName } from './playbook.ts'
import { collecting } from './problem-list.ts'
import { readSealedSource } from './read-source.ts'
import { EVERYONE, rollOf } from './roll.ts'
import { Scopes } from './scopes.ts'
import type { Draft } from './task.ts'
import { compileTasks } from './tasks.ts'
import { findDefinition, type Lexical, NO_DEFINITIONS } from './variables.ts'
import { compileValue, evaluateWritten, namesIn, type Written } from './written.ts'
import { parseYaml } from './yaml.ts'
import { type MapNode, placeOf, type ScalarNode } from './yaml-node.ts'

/** A play whose steps are compiled one by one, and not yet looked at together. */
export interface DraftPlay extends Omit<Play, 'steps' | 'handlers' | 'usesFacts'> {
  steps: readonly Draft[]
  handlers: readonly Draft[]
  scope: Lexical
  inputs: readonly RoleInputs[]
  /** Its hosts before `--limit`. */
  everyone: readonly string[]
}

export interface PlayOptions {
  /** The playbook's file name, as a part of ids. */
  playbook: string
  position: number
  /** Hosts that `--limit` leaves. */
  limited: ReadonlySet<string> | undefined
  become: Around['become']
}

/** Compiles one play. */
export function compilePlay(node: MapNode, options: PlayOptions, outer: Compiler): DraftPlay {
  const compiler: Compiler = { ...outer, handlers: [], roles: new Set(), inputs: [] }
  const fields = new Fields(node, compiler.problems)
  const hints = { ...ANSIBLE_KEYWORDS, any_error_fatal: 'write any_errors_fatal' }
  fields.only(keywords.play, 'a play', hints)
  checkModuleDefaults(fields, compiler)
  const name =
    fields.text('name') ??
    (fields
      .scalars('hosts')
      .map(({ text }) => text)
      .join(',') ||
      `play ${options.position + 1}`)
  const id = `${options.playbook}/${name}`
  const start: Around = { ...nothingAround(compiler.folder, options.become), path: id }
  const own = inside(start, fields, 'play', name)
  const around = { ...own, scope: withVarsFiles(fields, name, own.scope, compiler) }
  const { scope } = around
  const roleSteps = compileRoles(fields, { ...around, section: 'roles' }, compiler)
  const section = (part: SectionName) => compileSection(fields, part, around, compiler)
  const handlersNode = fields.value('handlers')
  const ownHandlers = handlersNode
    ? compileTasks(handlersNode, { ...around, handler: 'each', path: `${id}/handlers` }, compiler)
    : []
  const steps = [...section('pre_tasks'), ...roleSteps, ...section('tasks'), ...section('post_tasks')]
  const everyone = hostsOf(fields, scope, compiler)
  const throttle = fields.number('throttle', 1)
  const gatherFacts = fields.truth('gather_facts')
  return {
    id,
    name,
    place: placeOf(fields.entry('name')?.value ?? fields.entry('hosts')?.value ?? node),
    hosts: options.limited ? everyone.filter((host) => options.limited?.has(host)) : everyone,
    everyone,
    steps,
    handlers: [...ownHandlers, ...compiler.handlers],
    scope,
    inputs: compiler.inputs,
    gatherFacts: gatherFacts ?? 'auto',
    strategy: fields.choice('strategy', ['linear', 'free']) ?? 'linear',
    roll: rollOf(fields, scope) ?? EVERYONE,
    anyErrorsFatal: around.anyErrorsFatal,
    ...(throttle === undefined ? {} : { throttle }),
    ignoreUnreachable: around.ignoreUnreachable,
    connection: connectionOf(fields),
  }
}

/** What a play starts from. */
function nothingAround(folder: string, become: Around['become']): Around {
  return {
    scope: { parent: undefined, variables: NO_DEFINITIONS, folder },
    folder,
    path: '',
    section: 'tasks',
    handler: undefined,
    blocks: [],
    when: [],
    tags: [],
    notify: [],
    environment: [],
    moduleDefaults: new Map(),
    become,
    delegateTo: undefined,
    runOnce: false,
    checkMode: undefined,
    diff: undefined,
    noLog: false,
    ignoreErrors: false,
    ignoreUnreachable: false,
    anyErrorsFatal: false,
    throttle: undefined,
    timeoutMs: DEFAULT_TIMEOUT_MS,
  }
}

function compileSection(fields: Fields, part: SectionName, around: Around, compiler: Compiler): Draft[] {
  const node = fields.value(part)
  return node ? compileTasks(node, { ...around, section: part, path: `${around.path}/${part}` }, compiler) : []
}

function withVarsFiles(fields: Fields, play: string, scope: Lexical, compiler: Compiler): Lexical {
  let found = scope
  for (const node of fields.scalars('vars_files')) {
    const path = constantOf(compileValue(node, compiler.problems), scope, compiler)
    if (typeof path !== 'string') continue
    const file = path.startsWith('/') ? path : join(compiler.folder, path)
    const content = collecting(compiler.problems, () =>
      parseYaml(readSealedSource(file, compiler.clearTexts, placeOf(node)), compiler.problems),
    )
    if (content?.kind === 'map')
      found = withDefinitions(found, definitionsOf(content, new Fields(content, compiler.problems), 'play', play))
    else if (content) fields.complain('WRONG_TYPE', 'variables are a mapping of names to values', placeOf(content))
  }
  return found
}

function hostsOf(fields: Fields, scope: Lexical, { inventory, ...compiler }: Compiler): string[] {
  const nodes = fields.scalars('hosts')
  if (nodes.length === 0) {
    if (!fields.value('hosts'))
      fields.complain('MISSING_ARG', "a play needs 'hosts'", placeOf(fields.node), 'name a host, a group or all')
    return []
  }
  const patterns = nodes.map((node) =>
    constantOf(compileValue(node, compiler.problems), scope, { inventory, ...compiler }),
  )
  const [first] = nodes
  const count = compiler.problems.length
  if (!first || !patterns.every((pattern) => typeof pattern === 'string')) return []
  const pattern = patterns.join(',')
  // A pattern without a term starts from all hosts. One that came out empty means none, and an expression may well say so.
  if (pattern.trim() === '') {
    if (!first.isExpression) compiler.warnings.push(noHosts(pattern, first))
    return []
  }
  const hosts = collecting(compiler.problems, () => inventory.select(pattern, placeOf(first))) ?? []
  const isKnown = compiler.problems.length === count
  if (hosts.length === 0 && isKnown) compiler.warnings.push(noHosts(pattern, first))
  return hosts
}

function noHosts(pattern: string, node: ScalarNode): Problem {
  return new Problem({
    code: 'NO_HOSTS',
    message: `no host is in '${pattern}'`,
    place: placeOf(node),
    severity: 'warning',
  })
}

/** A value that no host has a say in. */
function constantOf(written: Written, scope: Lexical, compiler: Compiler): unknown {
  const { inventory, commandLine, files, problems } = compiler
  noteNames(written, scope, compiler)
  if (written.kind === 'literal') return written.value === null ? undefined : String(written.value)
  const live = {
    registered: () => undefined,
    facts: () => new Unknown('facts'),
    now: () => new Unknown('the time of the run'),
  }
  const scopes = new Scopes({ inventory, commandLine, live, registers: new Map(), constants: {}, files })
  return collecting(problems, () => {
    const value = evaluateWritten(written, scopes.of('', scope))
    return Array.isArray(value) ? value.join(',') : String(value)
  })
}

function noteNames(written: Written, scope: Lexical, compiler: Compiler): void {
  for (const name of namesIn(written)) {
    if (compiler.read.has(name)) continue
    compiler.read.add(name)
    const definition = compiler.commandLine.get(name) ?? findDefinition(scope, name)
    if (definition) noteNames(definition.value, scope, compiler)
  }
}

function connectionOf(fields: Fields): Play['connection'] {
  const port = fields.number('port', 1)
  const remoteUser = fields.text('remote_user')
  const kind = fields.choice('connection', ['ssh', 'ssh2', 'openssh', 'local'])
  return {
    ...(port === undefined ? {} : { port }),
    ...(remoteUser === undefined ? {} : { remoteUser }),
    ...(kind === undefined || kind === 'ssh' ? {} : { kind }),
  }
}
