import { Argument, type Command, Option } from 'commander'

export function declareCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .argument('[words...]')
    .addOption(new Option('--offer', 'prints what completes the last of the words').hideHelp())
    .usage('<shell>')
    .description('prints what makes a shell complete commands, flags, playbooks, hosts, tags and modules')
    .addHelpText(
      'after',
      `
Examples:
  lockstep completion bash >/etc/bash_completion.d/lockstep
  lockstep completion zsh >>~/.zshrc
  lockstep completion fish >~/.config/fish/completions/lockstep.fish
`,
    )
    .action(async (shell: Shell, words: string[], { offer }: { offer?: true }) => {
      process.stdout.write(offer ? await offered(shell, program, words) : scripts[shell])
    })
}

export type Shell = 'bash' | 'zsh' | 'fish'

/**
 * What completes the last of the words, as the scripts below read it: the kind of it, then one word a line and behind a tab
 * what it is for.
 */
export async function offered(shell: Shell, program: Command, words: readonly string[]): Promise<string> {
  const { offersFor } = await import('./offers.ts')
  const { printableLine } = await import('../report/printable.ts')
  const whole = shell === 'bash' ? rejoined(words) : words
  const { kind, offers } = await offersFor(program, whole)
  // bash replaces what follows the last of its own word breaks, and no more.
  const kept = shell === 'bash' ? (/^.*[:=]/s.exec(whole.at(-1) ?? '')?.[0].length ?? 0) : 0
  const lines = offers.map(({ word, about }) =>
    [word.slice(kept), ...(about ? [about] : [])].map(printableLine).join('\t'),
  )
  return [kind, ...lines].map((line) => `${line}\n`).join('')
}

/** bash makes words of their own of `:` and `=`. */
function rejoined(words: readonly string[]): string[] {
  const joined: string[] = []
  let isOpen = false
  for (const word of words) {
    const isBreak = /^[:=]+$/.test(word)
    if ((isBreak || isOpen) && joined.length > 0) joined.push((joined.pop() ?? '') + word)
    else joined.push(word)
    isOpen = isBreak
  }
  return joined
}

/** Each asks Lockstep itself, so that all shells offer the same. */
const scripts: Record<Shell, string> = {
  bash: `_lockstep() {
  local kind= word about
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS=$'\\t' read -r word about; do COMPREPLY+=("$word"); done
  } < <("\${COMP_WORDS[0]}" completion bash --offer -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [ "$kind" = words ] || compopt -o filenames 2>/dev/null
  case \${COMPREPLY[0]-} in */) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _lockstep lockstep ./run
`,
  zsh: `#compdef lockstep
_lockstep() {
  local kind= line
  local -a offers
  while IFS= read -r line; do
    if [[ -z $kind ]]; then kind=$line
    elif [[ $line = *$'\\t'* ]]; then offers+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    else offers+=("\${line//:/\\\\:}")
    fi
  done < <("\${(Q)words[1]}" completion zsh --offer -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  case $kind in
    playbooks) _files -g '*.(yml|yaml)' ;;
    files) _files ;;
    *) _describe lockstep offers ;;
  esac
}
(( $+functions[compdef] )) || { autoload -U compinit && compinit }
compdef _lockstep lockstep ./run
`,
  fish: `function __lockstep_offers
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    $program completion fish --offer -- $words "$current" 2>/dev/null | tail -n +2
end
complete -c lockstep -f -a '(__lockstep_offers)'
complete -c run -n 'string match -q -- "*/run" (commandline -opc)[1]' -f -a '(__lockstep_offers)'
`,
}
