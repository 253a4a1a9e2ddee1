import { Type } from '@sinclair/typebox'
import { Arg } from '../../engine/resource/arguments.ts'
import type { Change } from '../../engine/resource/change.ts'
import { type Command, type Content, octal, sh } from '../../engine/resource/command.ts'
import { defineModule, type Plan, TaskFailure } from '../../engine/resource/module.ts'
import { ABSENT, fileOf, predict, read, textOf } from '../../engine/resource/read.ts'
import { Secret } from '../../engine/resource/secret.ts'
import { chmod, chown } from '../files/ownership.ts'
import { namedFiles, SSHD_CONFIG, SSHD_PARTS } from './sshd-check.ts'

type SshdChange =
  | Change<'save', Content>
  | Change<'remove', Content>
  | (Change<'owner', string> & { path: string })
  | (Change<'mode', string> & { path: string })

/** A part of sshd's configuration, tried with all the rest of it before it takes its place. See sshd_config(5). */
export const sshdConfig = defineModule({
  name: 'sshd-config',
  summary:
    'A part of sshd’s configuration in a file of its own, tried before it is put in place; reload ssh in a handler.',
  args: Arg.object(
    {
      name: Type.String({
        pattern: '^[A-Za-z0-9][\\w.@-]*$',
        description:
          'Name of the file in /etc/ssh/sshd_config.d, without .conf; the first to say something wins, so 10-x goes before 50-y.',
      }),
      content: Type.Optional(
        Arg.text({ description: 'What the file shall hold; close a Match block with `Match all`.' }),
      ),
      state: Type.Optional(
        Arg.choice(['present', 'absent'], { description: 'Whether the file shall be there; present by default.' }),
      ),
    },
    {
      allOf: [
        Arg.rule('needs `content` unless the state is absent', {
          anyOf: [{ required: ['content'] }, { properties: { state: { const: 'absent' } }, required: ['state'] }],
        }),
      ],
    },
  ),
  examples: [
    `- sshd-config:
    name: 50-example
    content: |
      Match User nobody
          AllowTcpForwarding no
      Match all
- sshd-config: { name: 60-example, content: "MaxAuthTries 4\\n" }
- sshd-config: { name: 70-example, state: absent }`,
  ],
  touches: 'reads',

  resource: ({ name }) => `file:${pathOf(name)}`,

  reads: ({ name }) => ({
    file: read.file(pathOf(name)),
    folder: read.status(SSHD_PARTS),
    main: read.file(SSHD_CONFIG),
    program: read.status('/usr/sbin/sshd'),
  }),

  plan({ name, content = '', state = 'present' }, have): Plan<SshdChange> {
    const path = pathOf(name)
    const { file } = have
    const old = textOf(file)
    if (file.type !== 'absent' && old === undefined)
      throw new TaskFailure(`${path} is not a file but a ${file.type}`, 'remove it, or choose another name')
    const from = content instanceof Secret && old !== undefined ? new Secret(old) : old
    if (state === 'absent') {
      if (old === undefined) return { changes: [], result: { path } }
      return {
        changes: [{ kind: 'remove', what: path, from, to: undefined, endangers: 'sshd' }],
        after: [predict(read.file(path), ABSENT)],
        result: { path },
      }
    }
    const main = textOf(have.main)
    if (main === undefined || have.program.type === 'absent')
      throw new TaskFailure('the host has no sshd', 'install the package openssh-server before this task')
    if (have.folder.type !== 'directory' || !includesFolder(main)) {
      throw new TaskFailure(
        `${SSHD_CONFIG} does not read ${SSHD_PARTS}`,
        `put the line 'Include ${SSHD_PARTS}/*.conf' at its top, with a task \`line-in-file\``,
      )
    }
    const text = textWithEnd(content)
    const plain = text instanceof Secret ? text.reveal() : text
    const changes: SshdChange[] = []
    if (old !== plain)
      changes.push({
        kind: 'save',
        what: path,
        from,
        to: text,
        endangers: 'sshd',
        ...(text instanceof Secret ? { secret: true } : {}),
      })
    if (file.type === 'file' && `${file.owner}:${file.group}` !== 'root:root') {
      changes.push({
        kind: 'owner',
        what: `owner of ${path}`,
        from: `${file.owner}:${file.group}`,
        to: 'root:root',
        path,
      })
    }
    if (file.type === 'file' && file.mode !== 0o644) {
      changes.push({ kind: 'mode', what: `mode of ${path}`, from: octal(file.mode), to: '0644', path })
    }
    return { changes, after: [predict(read.file(path), fileOf(plain, { mode: 0o644 }))], result: { path } }
  },

  apply: {
    save: ({ what, to }, { name }) =>
      sh.write(what, to ?? '', {
        mode: 0o644,
        owner: 'root',
        group: 'root',
        validate: `candidate=%s\n${trial(name, sh`cp -- "$candidate" "$d/parts"/${`${name}.conf`}`).text}`,
      }),
    remove: ({ what }, { name }) => sh.all([trial(name, sh`:`), sh`rm -f -- ${what}`]),
    owner: ({ path, to }) => chown(path, to),
    mode: ({ path, to }) => chmod(path, Number.parseInt(to ?? '', 8)),
  },
})

function pathOf(name: string): string {
  return `${SSHD_PARTS}/${name}.conf`
}

/** Before the first Match, since an Include inside one holds for that only; a path without / counts from /etc/ssh. */
function includesFolder(main: string): boolean {
  const [global = ''] = main.split(/^\s*match\s/im)
  const included = [...global.matchAll(/^[ \t]*include[ \t=]+(.*)$/gim)].flatMap(([, paths = '']) =>
    paths.split(/[\s"]+/),
  )
  return included.some((path) => /^(?:\/etc\/ssh\/)?sshd_config\.d\/\*(?:\.conf)?$/.test(path))
}

/**
 * Runs `sshd -t` over a copy of the whole configuration, in which `change` has put the file as it shall be. sshd refuses to
 * look at anything without /run/sshd, which is there only while it runs.
 */
function trial(name: string, change: Command): Command {
  return sh`( umask 077
d=$(mktemp -d) || exit 1
made=
trap 'rm -rf -- "$d"; if [ -n "$made" ]; then rmdir /run/sshd; fi' EXIT; trap 'exit 1' HUP INT TERM
mkdir "$d/parts" && cp -R -- ${`${SSHD_PARTS}/.`} "$d/parts" && rm -f -- "$d/parts"/${`${name}.conf`} && ${change} || exit 1
sed -E "s#(/etc/ssh/)?sshd_config\\.d/#$d/parts/#g" ${SSHD_CONFIG} >"$d/sshd_config" || exit 1
if [ ! -d /run/sshd ]; then mkdir -m 0755 /run/sshd && made=1; fi
/usr/sbin/sshd -t -f "$d/sshd_config" 2>"$d/said" || { sed "s#$d/parts#${SSHD_PARTS}#g; s#$d/#/etc/ssh/#g" "$d/said" >&2; exit 1; }
${namedFiles(sh`"$d/sshd_config" "$d/parts"/*.conf`)}
)`
}

function textWithEnd(content: string | Secret): string | Secret {
  const text = content instanceof Secret ? content.reveal() : content
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return content instanceof Secret ? new Secret(whole) : whole
}
