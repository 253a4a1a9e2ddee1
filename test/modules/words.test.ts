import { expect, test } from 'vitest'
import { splitWords, WordsError } from '../../modules/words.ts'

test.each([
  ['make install', ['make', 'install']],
  ['  make \t install\n', ['make', 'install']],
  ['', []],
  ['echo \'a  b\' "c d"', ['echo', 'a  b', 'c d']],
  ['echo \'\' ""', ['echo', '', '']],
  ['echo a\\ b \\\\', ['echo', 'a b', '\\']],
  ['echo --name="two words"', ['echo', '--name=two words']],
  ['echo "\\"quoted\\" \\$HOME \\n"', ['echo', '"quoted" $HOME \\n']],
  ["echo 'it'\\''s'", ['echo', "it's"]],
  ['echo "|" \'>\' \\;', ['echo', '|', '>', ';']],
  ['curl http://h/?a=1&b=2', ['curl', 'http://h/?a=1&b=2']],
  ['echo $HOME *.txt', ['echo', '$HOME', '*.txt']],
  ['cp a\\\nb c', ['cp', 'ab', 'c']],
])('%j is split as a shell would', (line, words) => {
  expect(splitWords(line)).toEqual(words)
})

test.each([
  ["echo 'a", "a quote in echo 'a is not closed"],
  ['echo "a', 'a quote in echo "a is not closed'],
  ['echo a"b', 'a quote in echo a"b is not closed'],
  ['echo a\\', 'a quote in echo a\\ is not closed'],
  ['ls | wc', '| means something to a shell, and there is none'],
  ['a && b', '&& means something to a shell, and there is none'],
  ['a; b', undefined],
  ['a ; b', '; means something to a shell, and there is none'],
  ['a > b', '> means something to a shell, and there is none'],
  ['a 2>&1', '2>&1 means something to a shell, and there is none'],
  ['a >/dev/null', '>/dev/null means something to a shell, and there is none'],
  ['a <b', '<b means something to a shell, and there is none'],
])('%j is taken as %j', (line, message) => {
  if (message === undefined) expect(splitWords(line)).toEqual(['a;', 'b'])
  else expect(() => splitWords(line)).toThrow(new WordsError(message))
})
