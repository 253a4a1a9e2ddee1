import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Problem } from '../problem.ts'

/**
 * The lab inventory that a playbook ships with, for those who have no hosts yet: `inventories/mattermost-lab.yml` for
 * `playbooks/mattermost-tunnels.yml`, by the first word of its name, or by as many words as one is called after.
 */
export function defaultInventory(playbook: string | undefined): string {
  if (playbook === undefined) {
    throw new Problem({ code: 'NO_INVENTORY', message: 'no inventory was given', hint: 'name one with -i INVENTORY' })
  }
  const words = basename(playbook).replace(/\..*$/, '').split('-')
  const names = words.map((_, at) => `${words.slice(0, words.length - at).join('-')}-lab.yml`)
  const folders = [join(dirname(playbook), '..', 'inventories'), join(dirname(playbook), 'inventories'), 'inventories']
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  const found = files.find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new Problem({
    code: 'NO_INVENTORY',
    message: `${playbook} comes with no lab (there is no inventories/${names.at(-1)}), and no inventory was given`,
    hint: 'name the hosts with -i INVENTORY',
  })
}
