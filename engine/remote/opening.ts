import { quote } from '../resource/command.ts'
import type { Become } from './address.ts'

/** How a shell is started on a host. */
export interface Opening {
  /** Command line for the login shell of the host's user, whichever shell that is. */
  command: string
  /**
   * Given when the command may read its input before the shell does, as to ask for a password: nothing may be written
   * until this word has come out, or else the password's reader would take it.
   */
  ready?: string
  /** Whether what came out so far is a question for the password. */
  asks?: (stdout: string, stderr: string) => boolean
}

/** The environment of a login is gone after sudo, so what the guard against lock-outs needs goes in as an argument. */
const SHELL = 'sh -s "$SSH_CONNECTION"'

/**
 * The way to a shell as `become` says; `nonce` is a random word that shows in the host's process list, so it must not be
 * the one that frames the dialogue.
 */
export function openingOf(become: Become | undefined, nonce: string): Opening {
  if (become === undefined) return { command: `exec ${SHELL}` }
  const user = quote(become.user)
  switch (become.method) {
    case 'sudo':
      if (become.password === undefined) return { command: `exec sudo -n -H -u ${user} -- ${SHELL}` }
      return {
        command: `exec sudo -S -p ${nonce}? -H -u ${user} -- sh -c 'echo ${nonce}!; exec sh -s "$0"' "$SSH_CONNECTION"`,
        ready: `${nonce}!`,
        asks: (_stdout, stderr) => stderr.includes(`${nonce}?`),
      }
    case 'su':
      return {
        command: `exec env LC_ALL=C su -s /bin/sh -c "echo ${nonce}; exec sh -s '$SSH_CONNECTION'" ${user}`,
        ready: nonce,
        // The su of util-linux asks on stderr, the one of busybox on stdout.
        asks: (stdout, stderr) => /password[^\n]*:\s*$/i.test(stderr) || /password[^\n]*:\s*$/i.test(stdout),
      }
    case 'doas':
      return { command: `exec doas -n -u ${user} ${SHELL}` }
  }
}

/** What to do when the host refuses. */
export function becomeHint(become: Become, words: string): string {
  if (/not found|no such file/i.test(words)) return `install ${become.method} on the host, or use another become_method`
  if (become.method === 'doas')
    return `doas takes a password from a terminal only: add "permit nopass" for this user, or use sudo`
  if (become.password === undefined)
    return `give the password with -K, or allow ${become.method} without one on the host`
  return `check the password and what ${become.method} allows this user`
}
