import type { Command } from 'commander'

/** All of docs/commands.md: the help of each command, as it prints itself. */
export function commandReference(program: Command): string {
  const parts = commandsOf(program).map(({ path, command }) => `## ${path}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``)
  return `# Commands\n\nMade from the code by \`npm run docs\`.\n\n${parts.join('\n\n')}\n`
}

function commandsOf(command: Command, above = ''): { path: string; command: Command }[] {
  const path = `${above} ${command.name()}`.trim()
  const inner = command.commands.flatMap((child) => commandsOf(child, path))
  return [{ path, command }, ...inner]
}

/** Of one width, and with the examples that stand behind it. */
function helpOf(command: Command): string {
  let text = ''
  command.configureHelp({ ...command.configureHelp(), helpWidth: 110 })
  command.configureOutput({ writeOut: (part) => (text += part), getOutHasColors: () => false })
  command.outputHelp()
  return text.trimEnd()
}
