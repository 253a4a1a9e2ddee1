import { Argument, type Command } from 'commander'
import type { Play, Step } from '../language/playbook.ts'
import { addPlaybookFlags, type PlaybookFlags } from './options.ts'

export function declareList(program: Command): void {
  const list = program
    .command('list')
    .addArgument(new Argument('<what>', 'what to list').choices(['hosts', 'tasks', 'tags']))
    .argument('<playbook...>', 'playbooks to look into')
    .description('lists the hosts, tasks or tags of playbooks; contacts no host')
  addPlaybookFlags(list)
    .addHelpText(
      'after',
      `
Examples:
  ./run list tasks playbooks/mattermost-tunnels.yml --tags firewall
  ./run list hosts site.yml -i hosts.yml --limit 'web*'
`,
    )
    .action(async (what: What, paths: string[], flags: PlaybookFlags) => {
      const { load } = await import('./load.ts')
      const { playbooks } = await load(paths, flags, 'run')
      const plays = playbooks.flatMap(({ playbook }) => playbook.plays)
      const { knownSecrets } = await import('./process-secrets.ts')
      const lines = listings[what](plays).map((line) => `${line}\n`)
      process.stdout.write(knownSecrets.hide(lines.join('')))
    })
}

type What = 'hosts' | 'tasks' | 'tags'

const listings: Record<What, (plays: readonly Play[]) => string[]> = {
  hosts: (plays) => plays.flatMap(({ name, hosts }) => [`play ${name}`, ...hosts.map((host) => `  ${host}`)]),
  tasks: (plays) =>
    plays.flatMap(({ name, steps, handlers }) => [
      `play ${name}`,
      ...steps.map((step) => `  ${taskWords(step)}`),
      ...handlers.map((handler) => `  ${taskWords(handler)} (handler)`),
    ]),
  tags: (plays) => [...new Set(plays.flatMap(({ steps }) => steps.flatMap(({ tags }) => tags)))].sort(),
}

function taskWords({ name, tags, place }: Step): string {
  const tagged = tags.length > 0 ? ` [${tags.join(', ')}]` : ''
  return `${name}${tagged}  ${place.file}:${place.line}`
}
