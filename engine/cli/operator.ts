import { hostname, userInfo } from 'node:os'

/** The person and the machine, as in `ann@laptop`; also behind sudo. */
export function operator(): string {
  return `${process.env.SUDO_USER ?? userInfo().username}@${hostname()}`
}
