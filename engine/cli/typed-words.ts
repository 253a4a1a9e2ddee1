import type { Argument, Command, Option } from 'commander'

/** What stands before the cursor, as the command line understands it. */
export interface Typed {
  command: Command
  /** Values of flags, by their long names without dashes. */
  flags: ReadonlyMap<string, readonly string[]>
  positionals: readonly string[]
  /** The flag that waits for its value. */
  pending: Option | undefined
  /** Flags are over: what follows `--`, or the words of another program. */
  isPastFlags: boolean
}

/** Reads the words before the cursor; what is wrong about them is passed over. */
export function readTyped(program: Command, words: readonly string[]): Typed {
  const flags = new Map<string, string[]>()
  const positionals: string[] = []
  let command = program
  let pending: Option | undefined
  let isPastFlags = false
  for (const word of words) {
    if (pending) {
      note(pending, word)
      pending = undefined
    } else if (isPastFlags || !/^-./.test(word)) takePositional(word)
    else if (word === '--') isPastFlags = true
    else takeFlag(word)
  }
  return { command, flags, positionals, pending, isPastFlags }

  function note(option: Option, value: string): void {
    const name = option.long?.slice(2) ?? ''
    flags.set(name, [...(flags.get(name) ?? []), value])
  }

  function takePositional(word: string): void {
    const inner =
      positionals.length === 0 && !isPastFlags ? command.commands.find((one) => one.name() === word) : undefined
    if (inner) {
      command = inner
      return
    }
    if (command === program) command = defaultCommand(program)
    positionals.push(word)
    if (argumentAt(command, positionals.length)?.name() === 'command') isPastFlags = true
  }

  function takeFlag(word: string): void {
    const known = flagsOf(command, program)
    if (word.startsWith('--')) {
      const [name = '', ...rest] = word.split('=')
      const option = known.find(({ long }) => long === name)
      if (option && rest.length > 0) note(option, rest.join('='))
      else if (option && takesValue(option)) pending = option
      return
    }
    for (let at = 1; at < word.length; at++) {
      const option = known.find(({ short }) => short === `-${word[at]}`)
      if (!option || !takesValue(option)) continue
      if (at + 1 < word.length) note(option, word.slice(at + 1))
      else pending = option
      return
    }
  }
}

/** The command that is meant when none is named. */
export function defaultCommand(program: Command): Command {
  return program.commands.find((command) => command.name() === 'run') ?? program
}

/** The flags that may follow; where no command is named yet, those of the default one too. */
export function flagsOf(command: Command, program: Command): readonly Option[] {
  const own = command.options.filter(({ hidden }) => !hidden)
  return command === program ? [...own, ...defaultCommand(program).options] : own
}

/** The argument at a position, the last one for ever when it takes several. */
export function argumentAt(command: Command, position: number): Argument | undefined {
  const { registeredArguments } = command
  const last = registeredArguments.at(-1)
  return registeredArguments[position] ?? (last?.variadic ? last : undefined)
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}
