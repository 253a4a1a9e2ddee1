import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exitCodes } from '../engine/cli/failure.ts'
import { program } from '../engine/cli/program.ts'
import { reportForms } from '../engine/report/forms.ts'
import { findings } from '../engine/report/status.ts'

const page = readFileSync(new URL('../docs/audit.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}))
const ofLanguage = (language: string) => blocks.filter((block) => block.language === language).map(({ text }) => text)

describe('docs/audit.md', () => {
  test('has shell that a shell can read', () => {
    const results = ofLanguage('sh').map((input) => spawnSync('sh', ['-n'], { input, encoding: 'utf8' }))
    expect(results.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      results.map(() => ({ status: 0, stderr: '' })),
    )
    expect(results.length).toBeGreaterThan(3)
  })

  test('has CI jobs that are YAML', () => {
    const [github, gitlab] = ofLanguage('yaml').map((text) => parse(text))
    expect(github.jobs.audit.steps).toHaveLength(5)
    expect(github.on.schedule).toEqual([{ cron: '0 6 * * *' }])
    expect(gitlab.audit.artifacts.reports).toEqual({ junit: 'audit.xml' })
    expect(gitlab.audit.allow_failure).toEqual({ exit_codes: [exitCodes.drift] })
  })

  test('calls lockstep with flags that it has', () => {
    const flags = new Set(
      program()
        .commands.find((command) => command.name() === 'check')
        ?.options.flatMap(({ short, long }) => [short, long]),
    )
    const calls = [
      ...blocks
        .map(({ text }) => text)
        .join('\n')
        .matchAll(/\/?run check ((?:[^\n]|\\\n)*)/g),
    ].map((match) => match[1]?.split(' || ')[0] ?? '')
    expect(calls.length).toBeGreaterThan(4)
    const used = calls.flatMap((call) => [...call.matchAll(/(?<=\s)--?[a-z][\w-]*/g)].map(([flag]) => flag))
    expect(used.filter((flag) => !flags.has(flag))).toEqual([])
    const values = calls.flatMap((call) =>
      [...call.matchAll(/--fail-on (\S+)/g)].flatMap((match) => (match[1] ?? '').split(',')),
    )
    expect(values.filter((value) => !findings.some((finding) => finding === value))).toEqual([])
  })

  test('tells every exit code and every form of a report', () => {
    const codes = [...page.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]))
    expect(codes).toEqual([...new Set(Object.values(exitCodes))])
    const forms = [...page.matchAll(/^\| `(\.\w+)` \|/gm)].map((match) => match[1])
    expect(forms).toEqual(Object.keys(reportForms))
  })
})
