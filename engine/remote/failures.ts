import type { Become } from './address.ts'
import { becomeHint } from './opening.ts'
import type { RemoteProblemParts } from './remote-problem.ts'

/** A failure before it is known, or needs to be said, on which host. */
export type Failure = Omit<RemoteProblemParts, 'host'>

/** What can go wrong with a shell, in words about one host. */
export interface Failures {
  /** The login gave no shell, or the other user's shell did not come up. */
  noShell(words: string): Failure
  toolsMissing(tools: readonly string[]): Failure
  tooLate(timeoutMs: number): Failure
  tooLong(limit: number): Failure
  interrupted(): Failure
  /** What was to be sent cannot be read here. */
  unreadable(why: string): Failure
  /** The other side does not keep to the protocol, or its shell has died. */
  broken(why: string): Failure
  /** Nothing comes back any more, though the connection has not been closed. */
  silent(what: string): Failure
}

export function failuresOf(host: string, become: Become | undefined): Failures {
  return {
    noShell: (words) =>
      become === undefined
        ? {
            code: 'SHELL_MISSING',
            message: `${host} gives no shell: ${words}`,
            hint: 'the login user needs a shell that can start sh, and nothing in its login files may end it or read its input',
          }
        : {
            code: 'BECOME_FAILED',
            message: `${become.method} to ${become.user} failed on ${host}: ${words}`,
            hint: becomeHint(become, words),
          },
    toolsMissing: (tools) => ({
      code: 'TOOLS_MISSING',
      message: `${host} lacks ${tools.join(', ')}, which every host needs.`,
      hint: 'install coreutils or busybox there, or mend the PATH',
    }),
    tooLate: (timeoutMs) => ({
      code: 'STEP_TIMEOUT',
      message: `A step on ${host} did not end within ${timeoutMs / 1000} s and was stopped.`,
      hint: 'raise the timeout if it needs longer',
    }),
    tooLong: (limit) => ({
      code: 'OUTPUT_TOO_LONG',
      message: `A step on ${host} printed more than ${limit} bytes and was stopped.`,
      hint: 'send its output to a file on the host',
    }),
    interrupted: () => ({ code: 'INTERRUPTED', message: `The step on ${host} was interrupted.` }),
    unreadable: (why) => ({ code: 'SOURCE_UNREADABLE', message: `What goes to ${host} cannot be read: ${why}.` }),
    broken: (why) => ({ code: 'PROTOCOL_BROKEN', message: `The dialogue with ${host} broke: ${why}.` }),
    silent: (what) => ({
      code: 'UNREACHABLE',
      message: `${host} does not answer any more: ${what}.`,
      lost: true,
    }),
  }
}
