import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkReportFiles, startReportFiles } from '../../engine/cli/report-files.ts'
import { Problems } from '../../engine/problem.ts'
import { auditSchema } from '../../engine/report/audit-schema.ts'
import { eventsOf } from '../report/sample.ts'

const folder = mkdtempSync(join(tmpdir(), 'report-files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)

function problemsOf(...paths: string[]): string[] {
  try {
    checkReportFiles(paths)
    return []
  } catch (error) {
    if (!(error instanceof Problems)) throw error
    return error.problems.map(({ code, message }) => `${code}: ${message.replaceAll(folder, '')}`)
  }
}

describe('the files of --report', () => {
  test('are found to be wrong before anything is done, all of them at once', () => {
    mkdirSync(path('folder.html'))
    writeFileSync(path('file'), '')
    symlinkSync(path('circle'), path('circle'))
    expect(
      problemsOf(
        path('a.pdf'),
        path('no/b.html'),
        path('folder.html'),
        path('file/c.md'),
        path('d.md'),
        `${folder}/./d.md`,
      ),
    ).toEqual([
      'REPORT_FORM: the report /a.pdf is of no known form',
      'REPORT_FILE: the report /no/b.html cannot be written: there is no /no',
      'REPORT_FILE: the report /folder.html cannot be written: it is a folder',
      'REPORT_FILE: the report /file/c.md cannot be written: /file is not a folder',
      'REPORT_FILE: the report /./d.md cannot be written: it is named twice',
    ])
    expect(problemsOf(path('circle/e.md'))).toEqual([
      'REPORT_FILE: the report /circle/e.md cannot be written: /circle is a circle of links',
    ])
  })

  test('may be several, of every form', () => {
    expect(problemsOf(...['a.html', 'a.json', 'a.sarif', 'a.xml', 'a.md'].map(path))).toEqual([])
  })

  test('are for their owner alone, whole, and leave nothing beside them', () => {
    const files = startReportFiles([path('own.json'), path('own.md')])
    for (const event of eventsOf({ hosts: ['h'], tasks: [] })) files.take(event)
    expect(files.write()).toBe(0)
    expect(JSON.parse(readFileSync(path('own.json'), 'utf8')).verdict).toBe('1 host · 0 states checked · no drift')
    expect(statSync(path('own.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('keep the mode of the file that they replace', () => {
    writeFileSync(path('open.md'), 'old', { mode: 0o644 })
    expect(startReportFiles([path('open.md')]).write()).toBe(0)
    expect(statSync(path('open.md')).mode & 0o777).toBe(0o644)
    expect(readFileSync(path('open.md'), 'utf8')).not.toBe('old')
  })

  test('are written once', () => {
    const files = startReportFiles([path('once.md')])
    files.write()
    writeFileSync(path('once.md'), 'mine')
    files.write()
    expect(readFileSync(path('once.md'), 'utf8')).toBe('mine')
  })

  test('stop nothing when their folder has gone, and say so with exit code 1', () => {
    mkdirSync(path('gone'))
    const files = startReportFiles([path('gone/a.md'), path('stays.md')])
    rmSync(path('gone'), { recursive: true })
    expect(files.write()).toBe(1)
    expect(readFileSync(path('stays.md'), 'utf8')).toContain('nothing was run')
  })
})

describe('the command line', () => {
  const lockstep = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path('dist/lockstep.js'), ...words], {
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  test('refuses a report that cannot be written, and a finding that is none', () => {
    expect(spawnSync(process.execPath, ['engine/build.mjs', path('dist')], { stdio: 'inherit' }).status).toBe(0)
    writeFileSync(path('site.yml'), '- hosts: all\n  tasks:\n    - debug: { msg: x }\n')
    writeFileSync(path('hosts.yml'), 'all: { hosts: { h: { address: 127.0.0.1, port: 1 } } }\n')
    const site = ['check', path('site.yml'), '-i', path('hosts.yml')]
    const wrong = lockstep(...site, '--report', path('a.doc'))
    expect(wrong.status).toBe(1)
    expect(wrong.stderr).toContain('error[REPORT_FORM]: ')
    expect(lockstep(...site, '--fail-on', 'dirft').stderr).toContain('It takes drift, may, not-visible')
  })

  test('prints the schema of the JSON report', () => {
    expect(JSON.parse(lockstep('schema', 'report').stdout)).toEqual(JSON.parse(JSON.stringify(auditSchema)))
  })

  test('writes the report of a host that could not be reached', () => {
    const site = [path('site.yml'), '-i', path('hosts.yml'), '--report', path('unreachable.json'), '-T', '2']
    expect(lockstep('check', ...site).status).toBe(4)
    const { verdict, runs } = JSON.parse(readFileSync(path('unreachable.json'), 'utf8'))
    expect(verdict).toBe('1 host · 0 states checked · no drift · 1 host unreachable')
    expect(runs[0].results[0].failure.code).toBe('UNREACHABLE')
  })
})
