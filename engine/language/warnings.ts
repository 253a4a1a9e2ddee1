import { nearest, Problem } from '../problem.ts'
import type { Compiler } from './compiler.ts'
import type { DraftPlay } from './play.ts'
import type { Handler, Play, Step } from './playbook.ts'
import { wholeHandlers } from './whole-handlers.ts'

/** What is legal in a play and still looks like a mistake. */
export function suspicions({ steps, handlers }: Play, draft: DraftPlay): Problem[] {
  const notified = new Set(
    [...draft.steps, ...draft.handlers].flatMap(({ around }) => around.notify.map(({ name }) => name)),
  )
  return [
    ...wholeHandlers(handlers)
      .filter(({ handler, listen }) => ![handler, ...listen].some((topic) => notified.has(topic)))
      .map(idleHandler),
    ...[...steps, ...handlers].flatMap((step) => ignoredErrors(step)),
    ...[...draft.steps, ...draft.handlers]
      .filter(({ around: { become } }) => become.user && !become.isOn)
      .map(uselessUser),
  ]
}

/** Variables of the command line that nothing reads. */
export function unreadVariables(plays: readonly Play[], { commandLine, inventory, read: early }: Compiler): Problem[] {
  const read = new Set([
    ...CONNECTION,
    ...early,
    ...plays.flatMap((play) => [...play.steps, ...play.handlers].flatMap(({ refs }) => refs.variables)),
  ])
  return [...commandLine.keys()]
    .filter((name) => !read.has(name) && ![...inventory.hosts.keys()].some((host) => inventory.definition(host, name)))
    .map((name) => {
      const near = nearest(name, read)
      return warning(
        'UNREAD_VARIABLE',
        `nothing reads the variable '${name}' of -e`,
        undefined,
        near ? `did you mean '${near}'?` : undefined,
      )
    })
}

/** Host variables that the connection reads. */
const CONNECTION =
  'address port remote_user private_key_file known_hosts_file connection connect_timeout host_key_checking jump'.split(
    ' ',
  )

function idleHandler({ handler, place }: Handler): Problem {
  return warning('IDLE_HANDLER', `nothing notifies the handler '${handler}'`, place)
}

function ignoredErrors({ ignoreErrors, name, place }: Step): Problem[] {
  return ignoreErrors
    ? [
        warning(
          'IGNORED_ERRORS',
          `every failure of '${name}' is ignored`,
          place,
          'failed_when tells which failures are none, rescue what to do about one',
        ),
      ]
    : []
}

function uselessUser({ name, place }: Step): Problem {
  return warning('BECOME_OFF', `'${name}' names a become_user and does not become anybody`, place, 'add become: true')
}

function warning(code: string, message: string, place: Problem['place'], hint?: string): Problem {
  return new Problem({ code, message, place, hint, severity: 'warning' })
}
