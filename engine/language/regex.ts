import { RE2JS, RE2JSException } from 're2js'

const compiled = new Map<string, RE2JS>()

/** A regular expression in RE2's syntax: its time is linear, whatever pattern and text are. Throws RE2JSException. */
export function regexOf(pattern: string): RE2JS {
  let regex = compiled.get(pattern)
  if (!regex) {
    regex = RE2JS.compile(pattern)
    compiled.set(pattern, regex)
  }
  return regex
}

/** Whether the pattern is found anywhere in the text. */
export function matches(text: string, pattern: string): boolean {
  return regexOf(pattern).matcher(text).find()
}

/** The first match: its first group when the pattern has one, else all of it. */
export function find(text: string, pattern: string): string | undefined {
  const matcher = regexOf(pattern).matcher(text)
  if (!matcher.find()) return undefined
  return matcher.groupCount() > 0 ? (matcher.group(1) ?? '') : (matcher.group() ?? '')
}

/** All matches, each as `find` gives one. */
export function findAll(text: string, pattern: string): string[] {
  const matcher = regexOf(pattern).matcher(text)
  const found: string[] = []
  while (matcher.find()) found.push((matcher.groupCount() > 0 ? matcher.group(1) : matcher.group()) ?? '')
  return found
}

/** Replaces every match; `$1` and `${name}` stand for groups. */
export function replaceAll(text: string, pattern: string, replacement: string): string {
  return regexOf(pattern).matcher(text).replaceAll(replacement)
}

/** What is wrong with a pattern; undefined when nothing is. */
export function regexProblem(pattern: string): string | undefined {
  try {
    regexOf(pattern)
    return undefined
  } catch (error) {
    if (error instanceof RE2JSException) return error.message
    throw error
  }
}
