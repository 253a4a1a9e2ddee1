import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Problem } from '../problem.ts'

/**
 * The lab inventory that a playbook ships with, for those who have no hosts yet: `inventories/mattermost-lab.yml` for
 * `playbooks/mattermost-tunnels.yml`, by the first word of its name.
 */
export function defaultInventory(playbook: string | undefined): string {
  if (playbook === undefined) {
    throw new Problem({ code: 'NO_INVENTORY', message: 'no inventory was given', hint: 'name one with -i INVENTORY' })
  }
  const name = `${basename(playbook).split(/[-.]/)[0]}-lab.yml`
  const folders = [join(dirname(playbook), '..', 'inventories'), join(dirname(playbook), 'inventories'), 'inventories']
  const found = folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new Problem({
    code: 'NO_INVENTORY',
    message: `${playbook} comes with no lab (there is no inventories/${name}), and no inventory was given`,
    hint: 'name the hosts with -i INVENTORY',
  })
}
