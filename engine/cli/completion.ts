import { Argument, type Command, type Option } from 'commander'

export function declareCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .description('prints what makes a shell complete commands and flags')
    .addHelpText(
      'after',
      `
Examples:
  lockstep completion bash >/etc/bash_completion.d/lockstep
  lockstep completion zsh >>~/.zshrc
  lockstep completion fish >~/.config/fish/completions/lockstep.fish
`,
    )
    .action((shell: 'bash' | 'zsh' | 'fish') => {
      process.stdout.write(completionFor(shell, program))
    })
}

/** The script for a shell, made from the commands and flags themselves. */
export function completionFor(shell: 'bash' | 'zsh' | 'fish', program: Command): string {
  if (shell === 'fish') return fishScript(program)
  const bash = bashScript(program)
  return shell === 'bash' ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`
}

/** A command and those above it but the program: `lab up`. */
function commandsBelow(command: Command, path: string[] = []): { path: string[]; command: Command }[] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()]
    return [{ path: own, command: child }, ...commandsBelow(child, own)]
  })
}

function bashScript(program: Command): string {
  const all = [{ path: [] as string[], command: program }, ...commandsBelow(program)]
  const cases = all.map(({ path, command }) => `    '${path.join(' ')}') words='${wordsOf(command).join(' ')}' ;;`)
  const names = all.slice(1).map(({ path }) => `'${path.join(' ')}'`)
  return `_lockstep() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
    ${names.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _lockstep lockstep ./run
`
}

function fishScript(program: Command): string {
  const lines = commandsBelow(program).flatMap(({ path, command }) => {
    const [name = '', ...outer] = path.toReversed()
    const where = outer[0] === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${outer[0]}`
    const own = `complete -c lockstep -n '${where}' -a ${name} -d ${quoted(command.description())}`
    return [own, ...command.options.map((option) => fishFlag(option, name))]
  })
  return `${lines.join('\n')}\n`
}

function fishFlag({ long, short, description, required }: Option, command: string): string {
  const names = [...(short ? [`-s ${short.slice(1)}`] : []), ...(long ? [`-l ${long.slice(2)}`] : [])]
  const seen = `__fish_seen_subcommand_from ${command}`
  return `complete -c lockstep -n '${seen}' ${names.join(' ')}${required ? ' -r' : ''} -d ${quoted(description)}`
}

function wordsOf(command: Command): string[] {
  const flags = command.options.flatMap(({ long, short }) => [long, short].filter((name) => name !== undefined))
  return [...command.commands.map((child) => child.name()), ...flags, '--help']
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
