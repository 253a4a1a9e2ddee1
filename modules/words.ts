/** A command line that cannot be split into words: one sentence. */
export class WordsError extends Error {}

/**
 * The words of a command line as a shell would split it, quotes and backslashes taken away. There is no shell: an operator
 * that stands unquoted as a word of its own is an error, since nobody would carry it out.
 */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let rest = line.trimStart()
  while (rest !== '') {
    const [raw] = /^(?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+/.exec(rest) ?? []
    if (raw === undefined || /^['"\\]/.test(rest.slice(raw.length)))
      throw new WordsError(`a quote in ${line} is not closed`)
    if (/^([|&;<>]+|[0-9]?>&?[0-9]?.*|<.*)$/.test(raw)) {
      throw new WordsError(`${raw} means something to a shell, and there is none`)
    }
    words.push(unquoted(raw))
    rest = rest.slice(raw.length).trimStart()
  }
  return words
}

function unquoted(raw: string): string {
  return raw.replace(/\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/g, (_, escaped, single, double) => {
    if (escaped !== undefined) return escaped === '\n' ? '' : escaped
    return single ?? double.replace(/\\([\\"$`\n])/g, (__: string, mark: string) => (mark === '\n' ? '' : mark))
  })
}
