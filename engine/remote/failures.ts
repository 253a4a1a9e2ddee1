import type { Become } from './address.ts'
import { becomeHint } from './opening.ts'
import type { RemoteProblemParts } from './remote-problem.ts'

/** A failure before it is known, or needs to be said, on which host. */
export type Failure = Omit<RemoteProblemParts, 'host'>

/** The login gave no shell, or the other user's shell did not come up. */
export function noShell(host: string, become: Become | undefined, words: string): Failure {
  if (become === undefined) {
    return {
      code: 'SHELL_MISSING',
      message: `${host} gives no shell: ${words}`,
      hint: 'the login user needs a shell that can start sh, and nothing in its login files may end it or read its input',
    }
  }
  return {
    code: 'BECOME_FAILED',
    message: `${become.method} to ${become.user} failed on ${host}: ${words}`,
    hint: becomeHint(become, words),
  }
}

export function toolsMissing(host: string, tools: readonly string[]): Failure {
  return {
    code: 'TOOLS_MISSING',
    message: `${host} lacks ${tools.join(', ')}, which every host needs.`,
    hint: 'install coreutils or busybox there, or mend the PATH',
  }
}

export function stepTooLate(host: string, timeoutMs: number): Failure {
  return {
    code: 'STEP_TIMEOUT',
    message: `A step on ${host} did not end within ${timeoutMs / 1000} s and was stopped.`,
    hint: 'raise the timeout if it needs longer',
  }
}

export function outputTooLong(host: string, limit: number): Failure {
  return {
    code: 'OUTPUT_TOO_LONG',
    message: `A step on ${host} printed more than ${limit} bytes and was stopped.`,
    hint: 'send its output to a file on the host',
  }
}

export function interrupted(host: string): Failure {
  return { code: 'INTERRUPTED', message: `The step on ${host} was interrupted.` }
}

/** The other side does not keep to the protocol, or its shell has died. */
export function broken(host: string, why: string): Failure {
  return { code: 'PROTOCOL_BROKEN', message: `The dialogue with ${host} broke: ${why}.` }
}
