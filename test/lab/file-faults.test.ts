import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LabAccess } from '../../lab/lab.ts'
import { labReset } from '../../lab/lab.ts'
import { bringUp, files, inventoryText, out, playOn } from './play.ts'

const host = { name: 'faults1', address: '10.95.0.1' }
const at = files({
  'inventory.yml': inventoryText({ [host.name]: { address: host.address } }),
  'write.yml': `- hosts: all
  become: true
  tasks:
    - name: the file
      copy: { dest: "{{ dest }}", content: "{{ content }}" }
`,
})
let access: LabAccess

beforeAll(async () => {
  access = await bringUp([host])
  await labReset([host.name], () => {})
})
afterAll(() => at[Symbol.dispose]())

const on = (script: string) => out(host.name, script)
const write = (dest: string, content: string) =>
  playOn({
    mode: 'run',
    playbook: at.path('write.yml'),
    inventory: at.path('inventory.yml'),
    access,
    vars: { dest, content },
  })

test.each([
  {
    what: 'a full disk',
    make: 'mount -t tmpfs -o size=1m none /mnt; echo old >/mnt/f; dd if=/dev/zero of=/mnt/rest bs=4k 2>/dev/null || :',
    mend: 'umount /mnt',
    path: '/mnt/f',
    size: 60_000,
    words: /lockstep: \/mnt\/f could not be written: is the disk full\?/,
  },
  {
    what: 'a disk without room for a large file, before anything is sent to it',
    make: 'mount -t tmpfs -o size=1m none /mnt; echo old >/mnt/f',
    mend: 'umount /mnt',
    path: '/mnt/f',
    size: 2_000_000,
    words: /lockstep: \/mnt\/f needs 1954 KiB, and \d+ KiB are free there/,
  },
  {
    what: 'a mount that is read-only',
    make: 'mount -t tmpfs -o size=1m none /mnt; echo old >/mnt/f; mount -o remount,ro /mnt',
    mend: 'umount /mnt',
    path: '/mnt/f',
    size: 100,
    words: /\/mnt\/\.lockstep-\S+ *: Read-only file system/,
  },
  {
    what: 'a file that is immutable',
    make: 'mkdir -p /mnt; echo old >/mnt/f; chattr +i /mnt/f',
    mend: 'chattr -i /mnt/f; rm /mnt/f',
    path: '/mnt/f',
    size: 100,
    words: /lockstep: \/mnt\/f is immutable \(chattr \+i\)/,
  },
])('$what gives one clear error and leaves the old file', async ({ make, mend, path, size, words }) => {
  await on(make)
  try {
    const { failed } = await write(path, 'x'.repeat(size))
    expect(failed).toEqual([expect.stringMatching(words)])
    expect(await on(`cat ${path}; ls -A /mnt | grep lockstep || echo clean`)).toBe('old\nclean')
  } finally {
    await on(mend)
  }
})

test('an access list is kept when the file is replaced', async () => {
  // user::rw-, user:1000:r--, group::---, mask::r--, other::---, as in acl(5).
  const list = '0200000001000600ffffffff02000400e803000004000000ffffffff10000400ffffffff20000000ffffffff'
  const show = `python3 -c "import os; print(os.getxattr('/etc/listed', 'system.posix_acl_access').hex())"`
  await on(`umask 077; echo old >/etc/listed
    python3 -c "import os; os.setxattr('/etc/listed', 'system.posix_acl_access', bytes.fromhex('${list}'))"`)
  expect((await write('/etc/listed', 'new\n')).failed).toEqual([])
  expect(await on(`${show}; cat /etc/listed; runuser -u ops -- cat /etc/listed`)).toBe(`${list}\nnew\nnew`)
})
