import type { Argument, Command, Option } from 'commander'
import { argumentAt, defaultCommand, flagsOf, readTyped, type Typed } from './typed-words.ts'

/** What may stand at the cursor. */
export interface Offers {
  /** Paths are for the shell to quote and to go on from. */
  kind: 'words' | 'files' | 'playbooks'
  offers: readonly Offer[]
}

export interface Offer {
  word: string
  about?: string
}

/** What completes the last of the words, in whatever shell; what cannot be read now offers nothing. */
export async function offersFor(program: Command, words: readonly string[]): Promise<Offers> {
  const current = words.at(-1) ?? ''
  const typed = readTyped(program, words.slice(0, -1))
  const { command, pending, isPastFlags } = typed
  if (pending) return await ofOption(pending, typed, current)
  const flag = /^(--[\w-]+)=(.*)$/s.exec(current)
  if (flag && !isPastFlags) {
    const option = flagsOf(command, program).find(({ long }) => long === flag[1])
    return option ? prefixed(`${flag[1]}=`, await ofOption(option, typed, flag[2] ?? '')) : NOTHING
  }
  if (current.startsWith('-') && !isPastFlags) return beginning(current, flagOffers(command, program))
  const isFirst = typed.positionals.length === 0
  const inner = isFirst && !isPastFlags ? command.commands.filter((one) => one.name() !== 'help') : []
  const commands = inner.map((one) => ({ word: one.name(), about: one.description() }))
  const receiver = command === program ? defaultCommand(program) : command
  const argument = argumentAt(receiver, typed.positionals.length)
  const found = argument ? await ofArgument(argument, typed, current) : NOTHING
  const matching = beginning(current, commands)
  return matching.offers.length === 0 ? found : { ...matching, offers: [...matching.offers, ...found.offers] }
}

const NOTHING: Offers = { kind: 'words', offers: [] }

function flagOffers(command: Command, program: Command): Offer[] {
  const flags = flagsOf(command, program).flatMap(({ long, short, description }) =>
    [long, short].flatMap((word) => (word ? [{ word, about: description }] : [])),
  )
  return [...flags, { word: '--help', about: 'display help for command' }]
}

function beginning(current: string, offers: readonly Offer[]): Offers {
  return { kind: 'words', offers: offers.filter(({ word }) => word.startsWith(current)) }
}

function prefixed(prefix: string, { kind, offers }: Offers): Offers {
  return { kind, offers: offers.map((offer) => ({ ...offer, word: prefix + offer.word })) }
}

async function ofOption(option: Option, typed: Typed, current: string): Promise<Offers> {
  if (option.argChoices) return beginning(current, worded(option.argChoices))
  const placeholder = /<(\w+)>/.exec(option.flags)?.[1] ?? ''
  const values = await import('./offered-values.ts')
  if (option.long === '--host') return beginning(current, worded(values.hostNames(typed, { groups: false })))
  if (placeholder === 'pattern') return lastPart(current, /^(.*[:,])?[&!]?/s, values.hostNames(typed, { groups: true }))
  if (placeholder === 'names') return lastPart(current, /^.*,|^/s, values.tagNames(typed))
  if (placeholder === 'path' || placeholder === 'file') return files('files', values.paths(current, { suffixes: [] }))
  return NOTHING
}

async function ofArgument(argument: Argument, typed: Typed, current: string): Promise<Offers> {
  if (argument.argChoices) return beginning(current, worded(argument.argChoices))
  const values = await import('./offered-values.ts')
  switch (argument.name()) {
    case 'playbook':
      return files('playbooks', values.paths(current, { suffixes: ['.yml', '.yaml'] }))
    case 'pattern':
      return lastPart(current, /^(.*[:,])?[&!]?/s, values.hostNames(typed, { groups: true }))
    case 'name':
      return beginning(current, await values.referenceNames())
    case 'host':
      return beginning(current, worded(await values.labHostNames()))
    default:
      return NOTHING
  }
}

function worded(words: readonly string[]): Offer[] {
  return words.map((word) => ({ word }))
}

function files(kind: Offers['kind'], words: readonly string[]): Offers {
  return { kind, offers: worded(words) }
}

/** Completes what follows the part of a list that is written already. */
function lastPart(current: string, written: RegExp, words: readonly string[]): Offers {
  const before = written.exec(current)?.[0] ?? ''
  return prefixed(before, beginning(current.slice(before.length), worded(words)))
}
