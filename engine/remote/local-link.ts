import { childLink } from './child-link.ts'
import type { Link } from './link.ts'

/** This machine as a host: commands are children of this process. */
export function localLink(host: string, env: NodeJS.ProcessEnv): Link {
  const { SSH_CONNECTION: _ours, ...rest } = env
  return childLink({ host, words: (command) => ['/bin/sh', '-c', command], env: rest })
}
