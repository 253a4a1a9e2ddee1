import { describe, expect, test } from 'vitest'
import { labExec } from '../../lab/exec.ts'
import { files, freshHosts, inventoryText, type Outcome, playOn } from './play.ts'

const host = { name: 'files1', address: '10.91.2.1' }
const lab = freshHosts([host])

async function shell(script: string): Promise<string> {
  const { stdout, stderr, code } = await labExec(host.name, ['sh'], { input: script })
  if (code !== 0) throw new Error(stderr.toString())
  return stdout.toString()
}

/** Checks, runs and runs again; what check announces is what the run does, and the second run does nothing. */
async function settles(tasks: string): Promise<Outcome> {
  using at = files({
    'play.yml': `- hosts: all\n  become: true\n  tasks:\n${tasks.trim().replace(/^/gm, '    ')}\n`,
    'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
  })
  const options = { playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access: lab.access }
  const check = await playOn({ ...options, mode: 'check' })
  const run = await playOn({ ...options, mode: 'run' })
  const again = await playOn({ ...options, mode: 'run' })
  expect({ failed: run.failed, changed: run.changed }).toEqual({ failed: [], changed: check.changed })
  expect({ failed: again.failed, changed: again.changed }).toEqual({ failed: [], changed: [] })
  return run
}

describe('owner and mode on a real file system', () => {
  test('what is made in a setgid folder gets its group, and the bits that were asked for', async () => {
    await shell('mkdir -m 2775 /srv/sg && chgrp staff /srv/sg')
    await settles(`
- file: { path: /srv/sg/new/deep, state: directory }
- file: { path: /srv/sg/exact, state: directory, mode: "0750" }
- file: { path: /srv/sg/symbolic, state: directory, mode: "o=" }
- file: { path: /srv/sg/touched, state: touch }
- copy: { dest: /srv/sg/copied, content: x, owner: daemon }
- copy: { dest: /srv/sg/new/deep/copied, content: x }
- file: { path: /srv/sg/link, state: link, src: "no where", owner: daemon }`)
    expect(
      await shell(`cd /srv/sg && stat -c '%a %U:%G %N' new/deep exact symbolic touched copied new/deep/copied link`),
    ).toBe(
      `2755 root:staff 'new/deep'
750 root:staff 'exact'
2750 root:staff 'symbolic'
644 root:staff 'touched'
644 daemon:staff 'copied'
644 root:staff 'new/deep/copied'
777 daemon:staff 'link' -> 'no where'
`,
    )
  })

  test('a setuid file keeps its bit when it is given away or rewritten', async () => {
    await shell('cp /bin/true /srv/suid && chmod 4755 /srv/suid && cp -p /srv/suid /srv/suid2')
    await settles(`
- file: { path: /srv/suid, owner: daemon }
- copy: { dest: /srv/suid2, content: x, group: daemon }`)
    expect(await shell(`stat -c '%a %U:%G' /srv/suid /srv/suid2`)).toBe('4755 daemon:root\n4755 root:daemon\n')
  })

  test('everything below a folder, whatever it is called, and nothing that a link points to', async () => {
    await shell(`mkdir -p /srv/tree/d/e && cd /srv/tree && touch 'a b' "it's" ./-x && cp /bin/true su && chmod 4700 su
ln -s /etc/shadow l && mkfifo p && chmod 700 d && stat -c '%a %U' /etc/shadow >/srv/shadow`)
    await settles('- file: { path: /srv/tree, state: directory, recurse: true, owner: daemon, mode: "u+rwX,go=rX" }')
    expect(await shell(`cd /srv/tree && find . ! -type l -printf '%m %u %p\\n' | sort`)).toBe(
      `4755 daemon ./su
644 daemon ./-x
644 daemon ./a b
644 daemon ./it's
644 daemon ./p
755 daemon .
755 daemon ./d
755 daemon ./d/e
`,
    )
    expect(await shell(`stat -c '%a %U' /etc/shadow | diff - /srv/shadow; stat -c %U /srv/tree/l`)).toBe('daemon\n')
  })

  test('a tree goes with all that is below it, and comes back empty', async () => {
    await shell('mkdir -p /srv/gone/a/b && touch /srv/gone/a/b/c')
    using at = files({
      'play.yml': `- hosts: all
  become: true
  tasks:
    - file: { path: /srv/gone, state: absent }
    - file: { path: /srv/gone/a, state: directory }
    - line-in-file: { path: /srv/gone/a/b, line: x, create: true }
`,
      'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
    })
    const options = { playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access: lab.access }
    const check = await playOn({ ...options, mode: 'check' })
    const run = await playOn({ ...options, mode: 'run' })
    expect(check.changed).toHaveLength(3)
    expect({ failed: run.failed, changed: run.changed }).toEqual({ failed: [], changed: check.changed })
    expect(await shell('cd /srv/gone && find . -type f')).toBe('./a/b\n')
  })
})

describe('content on a real file system', () => {
  test('an old file is kept as a backup, with its owner and mode', async () => {
    await shell('printf old >/srv/kept && chmod 640 /srv/kept')
    await settles('- copy: { dest: /srv/kept, content: new, backup: true, validate: "grep -q new %s" }')
    expect(await shell(`stat -c '%a %s %n' /srv/kept* && cat /srv/kept.*`)).toMatch(
      /^640 3 \/srv\/kept\n640 3 \/srv\/kept\.[0-9a-f]{12}~\nold$/,
    )
  })

  test('a file that is not valid never takes the place of the old one, and leaves nothing behind', async () => {
    await shell('mkdir /srv/valid && echo "daemon ALL=(root) NOPASSWD: /usr/bin/true" >/srv/valid/x')
    using at = files({
      'play.yml': `- hosts: all\n  become: true\n  tasks:\n    - copy: { dest: /srv/valid/x, content: "daemon ALL=\\n", validate: "visudo -cf %s" }\n`,
      'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
    })
    const run = await playOn({
      playbook: at.path('play.yml'),
      inventory: at.path('inventory.yml'),
      access: lab.access,
      mode: 'run',
    })
    expect(run.failed).toEqual([expect.stringMatching(/\.lockstep-\S+: syntax error|syntax error near line 1/)])
    expect(await shell('ls -A /srv/valid && cat /srv/valid/x')).toBe('x\ndaemon ALL=(root) NOPASSWD: /usr/bin/true\n')
  })

  test.each([
    { title: 'a file in the folder behind it', task: 'copy: { dest: /home/ops/way/x, content: x }' },
    { title: 'a file further down', task: 'copy: { dest: /home/ops/way/ssh/x, content: x }' },
    { title: 'an owner', task: 'file: { path: /home/ops/way/hostname, owner: ops }' },
    { title: 'a removal', task: 'file: { path: /home/ops/way/hostname, state: absent }' },
    { title: 'a folder', task: 'file: { path: /home/ops/way/x, state: directory }' },
  ])('root follows no link that a user has put in the way: $title', async ({ task }) => {
    const look = 'ls -lA --time-style=full-iso /etc /etc/ssh'
    await shell('runuser -u ops -- ln -sfT /etc /home/ops/way')
    const before = await shell(look)
    using at = files({
      'play.yml': `- hosts: all\n  become: true\n  tasks:\n    - ${task}\n`,
      'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
    })
    const options = { playbook: at.path('play.yml'), inventory: at.path('inventory.yml'), access: lab.access }
    const { failed } = await playOn({ ...options, mode: 'run' })
    expect(failed).toEqual([expect.stringMatching(/\/home\/ops\/way is a link of ops to (\/etc|a folder of)/)])
    expect(await shell(look)).toBe(before)
  })

  test('names with blanks, quotes and shell in them are names', async () => {
    await settles(`
- file: { path: "/srv/it's $(id) \\"q\\"/ä b", state: directory, mode: "1777" }
- copy: { dest: "/srv/it's $(id) \\"q\\"/ä b/-n", content: "\\0ÿ" }`)
    expect(await shell(`ls -A "/srv/it's \\$(id) \\"q\\"/ä b"`)).toBe('-n\n')
  })
})
