import type { InventoryBuilder } from './inventory-builder.ts'
import type { SourceText } from './source-text.ts'
import type { Entry, ScalarNode, Span } from './yaml-node.ts'

type Section = { kind: 'hosts' | 'vars' | 'children'; group: string }

/** Reads an inventory in Ansible's INI: `[group]` with hosts, `[group:vars]`, `[group:children]`. */
export function readIniInventory(source: SourceText, builder: InventoryBuilder): void {
  let section: Section = { kind: 'hosts', group: 'ungrouped' }
  let offset = 0
  for (const line of source.text.split('\n')) {
    const start = offset
    offset += line.length + 1
    const text = line.replace(/\s+$/, '')
    const indent = text.length - text.trimStart().length
    if (text === '' || /^\s*[#;]/.test(text)) continue
    const at = { source, start: start + indent, end: start + text.length }
    const header = /^\[([^\]:]+)(?::(\w+))?\]\s*([#;].*)?$/.exec(text.trim())
    if (header) section = openSection(header[1] ?? '', header[2], at, builder)
    else if (section.kind === 'hosts') readHost(text, start, section.group, source, builder)
    else if (section.kind === 'vars') readVariable(text, start, section.group, source, builder)
    else {
      const name = text.trim().replace(/\s+[#;].*$/, '')
      builder.group(section.group).children.add(name)
      builder.group(name)
    }
  }
}

function openSection(group: string, kind: string | undefined, at: Span, builder: InventoryBuilder): Section {
  builder.group(group)
  if (kind !== undefined && kind !== 'vars' && kind !== 'children') {
    builder.complain(
      at,
      'INVENTORY_SYNTAX',
      `'${kind}' is no kind of section`,
      'sections are [group], [group:vars] and [group:children]',
    )
  }
  return { kind: kind === 'vars' || kind === 'children' ? kind : 'hosts', group }
}

function readHost(line: string, start: number, group: string, source: SourceText, builder: InventoryBuilder): void {
  const [first, ...rest] = wordsOf(line)
  if (!first) return
  const at = { source, start: start + first.start, end: start + first.end }
  // A port behind the name is Ansible's; an IPv6 address has more than one colon.
  const [, name = '', port] = /^([^:]*(?:\[[^\]]*\][^:]*)*)(?::(\d+))?$/.exec(first.text) ?? [undefined, first.text]
  const hosts = builder.addHosts(name, group, at)
  if (port !== undefined) {
    const value: ScalarNode = {
      kind: 'scalar',
      at,
      value: Number(port),
      text: port,
      style: 'plain',
      isExpression: false,
    }
    for (const host of hosts) builder.addVariable({ host }, { key: 'port', keyAt: at, value })
  }
  for (const word of rest) {
    const entry = entryOf(word.text, start + word.start, source)
    if (entry) for (const host of hosts) builder.addVariable({ host }, entry)
    else
      builder.complain(
        { source, start: start + word.start, end: start + word.end },
        'INVENTORY_SYNTAX',
        `'${word.text}' is no name=value`,
        'one host stands on each line, its variables behind it',
      )
  }
}

function readVariable(line: string, start: number, group: string, source: SourceText, builder: InventoryBuilder): void {
  const indent = line.length - line.trimStart().length
  const entry = entryOf(line.trim(), start + indent, source)
  if (entry) builder.addVariable({ group }, entry)
  else
    builder.complain(
      { source, start: start + indent, end: start + line.length },
      'INVENTORY_SYNTAX',
      'a variable is written name=value',
    )
}

function entryOf(text: string, start: number, source: SourceText): Entry | undefined {
  const match = /^([^=\s]+)\s*=\s*(.*)$/s.exec(text)
  if (!match) return undefined
  const [, key = '', raw = ''] = match
  const from = start + text.length - raw.length
  const at = { source, start: from, end: start + text.length }
  return { key, keyAt: { source, start, end: start + key.length }, value: scalarOf(raw, at) }
}

/** A value as Ansible reads it: a Python literal where it is one, else text. Lists and mappings have no place on a line here. */
function scalarOf(raw: string, at: Span): ScalarNode {
  const quoted = /^(["'])(.*)\1$/s.exec(raw)
  if (quoted)
    return { kind: 'scalar', at, value: quoted[2] ?? '', text: quoted[2] ?? '', style: 'quoted', isExpression: false }
  const literals = new Map<string, boolean | null>([
    ['True', true],
    ['true', true],
    ['False', false],
    ['false', false],
    ['None', null],
  ])
  const literal = literals.get(raw)
  const value = literal !== undefined ? literal : /^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(raw) ? Number(raw) : raw
  return { kind: 'scalar', at, value, text: raw, style: 'plain', isExpression: false }
}

/** The words of a line, as a shell would cut them; quotes stay in the value of name="a b". A # outside of them ends the line. */
function wordsOf(line: string): { text: string; start: number; end: number }[] {
  const words: { text: string; start: number; end: number }[] = []
  for (const match of line.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)) {
    const [text] = match
    if (text.startsWith('#') || text.startsWith(';')) break
    words.push({ text, start: match.index, end: match.index + text.length })
  }
  return words
}
