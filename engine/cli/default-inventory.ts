import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Problem } from '../problem.ts'

/**
 * The lab inventory that a playbook ships with, for those who have no hosts yet: `inventories/mattermost-lab.yml` for
 * `playbooks/mattermost-tunnels.yml`, by the first word of its name, or by as many words as one is called after. What rotates
 * something, and has none, goes to where that is: `rotate-consul-tls.yml` to `consul-lab.yml`.
 */
export function defaultInventory(playbook: string | undefined): string {
  if (playbook === undefined) {
    throw new Problem({ code: 'NO_INVENTORY', message: 'no inventory was given', hint: 'name one with -i INVENTORY' })
  }
  const words = basename(playbook).replace(/\..*$/, '').split('-')
  const names = [...labsOf(words), ...(words[0] === 'rotate' ? labsOf(words.slice(1)) : [])]
  const folders = [join(dirname(playbook), '..', 'inventories'), join(dirname(playbook), 'inventories'), 'inventories']
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = files.find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new Problem({
    code: 'NO_INVENTORY',
    message: `${playbook} comes with no lab (there is no inventories/${words[0]}-lab.yml), and no inventory was given`,
    hint: 'name the hosts with -i INVENTORY',
  })
}

/** From the whole name to its first word. */
function labsOf(words: readonly string[]): string[] {
  return words.map((_, at) => `${words.slice(0, words.length - at).join('-')}-lab.yml`)
}
