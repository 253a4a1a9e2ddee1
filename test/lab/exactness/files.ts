import fc from '../../property.ts'
import { folder, mode, one, ownership, path, some, type TasksOf, task } from './arbitrary.ts'

const CONTENTS = [
  '',
  'port = 1\n',
  'no newline',
  'a\nport = 2\nb\n',
  '# BEGIN m\nold\n# END m\nafter\n',
  'ä\r\nport = 3\r\n',
]
const edits = { create: one(true, true, true, undefined), mode: some(mode), backup: some(fc.constant(true)) }

const directory = task('file', { path: folder, state: one('directory'), ...ownership, recurse: some(one(true)) })
const anywhere = fc.oneof(path, folder)

/** Tasks of the modules that make and fill files. */
export const fileTasks: TasksOf = {
  file: fc.oneof(
    { arbitrary: directory, weight: 4 },
    task('file', { path, state: one('touch'), ...ownership }),
    task('file', { path: anywhere, ...ownership }),
    task('file', { path, state: one('link'), src: one('f', '../g', '/etc/hostname', 'y'), force: some(one(true)) }),
    task('file', { path: folder, state: one('link'), src: one('nowhere', '/srv/real', '/srv/real/y') }),
    task('file', { path: anywhere, state: one('absent') }),
    task('file', { path: one('/srv/cmd', '/srv/cmd/f'), state: one('directory'), mode: one('0700') }),
  ),
  copy: fc.oneof(
    task('copy', { dest: path, content: one(...CONTENTS), ...ownership, backup: some(one(true)) }),
    task('copy', { dest: path, content: one('fine\n'), validate: one('grep -q fine %s') }),
    task('copy', { dest: path, src: one('mark.sh'), mode: some(mode) }),
    task('copy', {
      dest: one('/srv/x/c.json'),
      content: one('{}', '{"a": 1, "b": {"c": [1, 2]}}\n', '{ "a": /* c */ 1 }'),
    }),
  ),
  template: task('template', { dest: path, src: one('host.hbs'), ...ownership }),
  'line-in-file': fc.oneof(
    task('line-in-file', { path, line: one('port = 8074', 'second'), regexp: some(one('^port', '^[ab]$')), ...edits }),
    task('line-in-file', { path, line: one('first', 'x'), insertbefore: one('BOF', '^port'), ...edits }),
    task('line-in-file', { path, regexp: one('^port', '.'), state: one('absent') }),
  ),
  'block-in-file': fc.oneof(
    task('block-in-file', {
      path,
      block: one('one\ntwo\n', 'port = 4\n'),
      marker: one('# {mark} m', '# {mark} n'),
      insertafter: some(one('^port', 'EOF')),
      ...edits,
    }),
    task('block-in-file', { path, marker: one('# {mark} m'), state: one('absent') }),
  ),
  'json-file': fc.oneof(
    task('json-file', { path: one('/srv/x/c.json'), merge: one({ a: 1 }, { b: { d: null } }, { e: [] }), ...edits }),
    task('json-file', { path: one('/srv/x/c.json'), remove: one(['/a'], ['/b/c', '/z']), create: some(one(true)) }),
  ),
}
