import { hostname, userInfo } from 'node:os'

/** The person, also behind sudo, and the machine: `ann@laptop`. */
export function operator(): string {
  return `${process.env.SUDO_USER ?? userInfo().username}@${hostname()}`
}
