import MarkdownIt from 'markdown-it'
import { parseFragment } from 'parse5'
import { describe, expect, test } from 'vitest'
import { markdownReport } from '../../engine/report/markdown.ts'
import fc from '../property.ts'
import { hostileRun, nasty } from './hostile.ts'
import { everything, large, sampleAudit } from './sample.ts'
import { elementsOf, textOf } from './tree.ts'

const markdown = new MarkdownIt({ html: true, linkify: true })

describe('the Markdown report', () => {
  test('has the verdict, a table with the worst first, and the differences folded away', () => {
    const tasks = everything.tasks.slice(1, 3)
    const text = markdownReport(sampleAudit({ hosts: ['web1', 'web2', 'db1'], lost: { db1: 'failed' }, tasks }))
    expect(text).toBe(`\
### ❌ 3 hosts · 5 states checked · 3 drifted on 2 hosts · 1 host failed

Checked <code>site.yml</code> by <code>ann@<!-- -->laptop</code> at 2024-01-01T06:00:00.000Z.

| | task | hosts | place | what |
| --- | --- | --- | --- | --- |
| failed | packets are forwarded | db1 | <code>site.yml:18</code> | TASK\\_FAILED: the kernel has no such parameter |
| drift | sshd is hardened | web1, web2 | <code>site.yml:12</code> | /etc/ssh/sshd\\_config |
| drift | packets are forwarded | web1 | <code>site.yml:18</code> | net.ipv4.ip\\_forward: 0 → 1 |

<details><summary>failed: packets are forwarded on db1</summary>

\`\`\`diff
TASK_FAILED: the kernel has no such parameter
command: sysctl -n net.ipv4.ip_forward
exit code: 255
stderr:
  sysctl: cannot stat
\`\`\`

</details>

<details><summary>drift: sshd is hardened on web1, web2</summary>

\`\`\`diff
/etc/ssh/sshd_config
@@ -1,4 +1,4 @@
 Port 22
-PermitRootLogin yes
-PasswordAuthentication yes
+PermitRootLogin no
+PasswordAuthentication no
 X11Forwarding no
\`\`\`

</details>

<details><summary>drift: packets are forwarded on web1</summary>

\`\`\`diff
net.ipv4.ip_forward: 0 → 1
\`\`\`

</details>
`)
  })

  test('of a converged check is short', () => {
    expect(markdownReport(sampleAudit({ hosts: ['a'], tasks: [] }))).toBe(`\
### ✅ 1 host · 0 states checked · no drift

Checked <code>site.yml</code> by <code>ann@<!-- -->laptop</code> at 2024-01-01T06:00:00.000Z.

Nothing to tell.
`)
  })

  test('fits a comment, however much there is to say', () => {
    const text = markdownReport(sampleAudit(large(60, 60)))
    expect(text.length).toBeLessThan(65_000)
    expect(text).toMatch(/^\d+ more rows left out\.$/m)
  })

  test('has no markup, mention or link of those who wrote what is in it', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const html = markdown.render(markdownReport(sampleAudit(run)))
        const elements = elementsOf(parseFragment(html))
        const known = [
          'h3',
          'p',
          'code',
          'strong',
          'table',
          'thead',
          'tbody',
          'tr',
          'th',
          'td',
          'details',
          'summary',
          'pre',
        ]
        expect(elements.map(({ tagName }) => tagName).filter((name) => !known.includes(name))).toEqual([])
        const outside = elements.filter(({ tagName }) => tagName === 'td' || tagName === 'summary' || tagName === 'h3')
        for (const { childNodes } of outside) {
          for (const child of childNodes)
            if (child.nodeName === '#text') expect('value' in child && child.value).not.toMatch(/[@#]\w/)
        }
      }),
    )
  })

  test.each(nasty.map((name) => ({ name })))('shows the name of a task as it is: $name', ({ name }) => {
    const audit = sampleAudit({
      hosts: ['h'],
      tasks: [{ name, module: 'm', line: 1, results: { h: { status: 'changed' } } }],
    })
    const [row] = elementsOf(parseFragment(markdown.render(markdownReport(audit)))).filter(
      ({ tagName }) => tagName === 'tbody',
    )
    const cells = elementsOf(row).filter(({ tagName }) => tagName === 'td')
    const squeezed = (text = '') => text.replace(/\s+/g, ' ').trim()
    expect(squeezed(textOf(cells[1]))).toBe(squeezed(audit.runs[0]?.tasks[0]?.name))
  })
})
