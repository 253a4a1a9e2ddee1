import { createHash } from 'node:crypto'
import { parse } from 'parse5'
import { describe, expect, test } from 'vitest'
import { htmlReport } from '../../engine/report/html/html-report.ts'
import { pageDataOf } from '../../engine/report/html/page-data-of.ts'
import fc from '../property.ts'
import { hostileRun } from './hostile.ts'
import { everything, large, type SampleRun, sampleAudit } from './sample.ts'
import { elementsOf, type HtmlElement, textOf } from './tree.ts'

function pageOf(run: SampleRun): HtmlElement[] {
  return elementsOf(parse(htmlReport(sampleAudit(run))))
}

function attribute({ attrs }: HtmlElement, name: string): string | undefined {
  return attrs.find((one) => one.name === name)?.value
}

describe('the HTML report', () => {
  test('allows nothing but its own style and script, by their hashes', () => {
    const elements = pageOf(everything)
    const policy = elements.find((one) => attribute(one, 'http-equiv') === 'Content-Security-Policy')
    const hashes = elements
      .filter(({ tagName, attrs }) => tagName === 'style' || (tagName === 'script' && attrs.length === 0))
      .map((one) => `'sha256-${createHash('sha256').update(textOf(one)).digest('base64')}'`)
    expect(policy && attribute(policy, 'content')).toBe(
      `default-src 'none'; style-src ${hashes[0]}; script-src ${hashes[1]}; base-uri 'none'; form-action 'none'`,
    )
  })

  test('names no address to be asked for anything', () => {
    const names = new Set(pageOf(everything).flatMap(({ attrs }) => attrs.map(({ name }) => name)))
    for (const name of ['src', 'href', 'style', 'srcset', 'action', 'data', 'poster']) expect(names).not.toContain(name)
  })

  test('can be read without its script: verdict first, then findings with differences and playbook lines', () => {
    const text = textOf(pageOf(everything).find(({ tagName }) => tagName === 'main'))
    expect(text).toMatch(/^Check of site\.yml✕4 hosts · 8 states checked · 4 drifted on 2 hosts/)
    expect(text).toContain('-PermitRootLogin yes\n-PasswordAuthentication yes\n+PermitRootLogin no\n')
    expect(text).toContain('net.ipv4.ip_forward: 0 → 1')
    expect(text).toContain('site.yml:12:7 sshd-config, play web servers12    - name: sshd is hardened')
  })

  test('says in its head that a run was cut short', () => {
    const text = textOf(pageOf({ ...everything, cutShort: true }).find(({ tagName }) => tagName === 'header'))
    expect(text).toContain('site.yml was cut short. What is missing below was not looked at.')
  })

  test('shows of a task with items the worst', () => {
    const results = {
      h: [{ status: 'ok' }, { status: 'changed' }, { status: 'skipped' }],
      i: [{ status: 'skipped' }, {}],
    } as const
    const run = { hosts: ['h', 'i', 'j'], tasks: [{ name: 't', module: 'm', line: 1, results }] }
    expect(pageDataOf(sampleAudit(run)).cells).toEqual(['d', 'o', ' '])
  })

  test('stays small for 200 hosts and 100 tasks', () => {
    const text = htmlReport(sampleAudit(large(200, 100)))
    expect(text.length).toBeLessThan(1_000_000)
    expect(elementsOf(parse(text)).length).toBeLessThan(4000)
  })

  test('stays within what browsers and mail take, and tells what it leaves out', () => {
    const hosts = Array.from({ length: 400 }, (_, index) => `h${index}`)
    const after = (host: string) =>
      Array.from({ length: 299 }, (_, index) => `${host} ${index} ${'x'.repeat(90)}`).join('\n')
    const results = Object.fromEntries(
      hosts.map((host) => [
        host,
        {
          status: 'changed',
          differences: [{ kind: 'w', what: '/f', form: 'text', before: '', after: after(host) }],
        } as const,
      ]),
    )
    const text = htmlReport(sampleAudit({ hosts, tasks: [{ name: 't', module: 'copy', line: 1, results }] }))
    expect(text.length).toBeLessThan(12_000_000)
    expect(text).toContain('left out, since this page would be too large')
  })

  test('lets nothing that a host says become markup, and gives it back whole as data', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const audit = sampleAudit(run)
        const elements = elementsOf(parse(htmlReport(audit)))
        const scripts = elements.filter(({ tagName }) => tagName === 'script')
        expect(scripts).toHaveLength(2)
        expect(JSON.parse(textOf(scripts[0]))).toEqual(JSON.parse(JSON.stringify(pageDataOf(audit))))
        for (const name of ['img', 'svg', 'a', 'iframe'])
          expect(elements.map(({ tagName }) => tagName)).not.toContain(name)
        expect(elements.flatMap(({ attrs }) => attrs).filter(({ name }) => name.startsWith('on'))).toEqual([])
        const titles = elements.filter((one) => attribute(one, 'class') === 'task').map(textOf)
        expect(titles).toEqual(pageDataOf(audit).findings.map(({ task }) => audit.runs[0]?.tasks[task]?.name))
      }),
    )
  })
})
