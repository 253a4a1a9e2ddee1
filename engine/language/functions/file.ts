import { define } from './define.ts'

/** Functions that read what lies beside the playbook. */
export const fileFunctions = [
  define(
    'file',
    'The text of a file of the controller, without the line ends at its end: in `files/` of the role or the playbook, or by its path from there.',
    ['text'],
    function (path) {
      return this.file(path).replace(/[\r\n]+$/, '')
    },
  ),
]
