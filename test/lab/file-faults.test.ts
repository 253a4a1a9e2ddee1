import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LabAccess } from '../../lab/lab.ts'
import { labReset } from '../../lab/lab.ts'
import { bringUp, files, inventoryText, out, playOn } from './play.ts'

const host = { name: 'faults1', address: '10.95.0.1', packages: ['btrfs-progs'] }
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

/** Of the quotas that Linux has, those of btrfs need nothing that a kernel may have been built without. */
const QUOTA = `truncate -s 120M /var/disk; mkfs.btrfs -q /var/disk >/dev/null
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do [ -e /dev/loop$n ] || mknod /dev/loop$n b 7 $n; done
mount -t btrfs -o loop /var/disk /srv; btrfs -q subvolume create /srv/one; mount -o bind /srv/one /mnt
btrfs quota enable /srv; btrfs qgroup limit 1M /srv/one`

test.each([
  {
    what: 'a full disk',
    make: 'mount -t tmpfs -o size=1m none /mnt; echo old >/mnt/f; dd if=/dev/zero of=/mnt/rest bs=4k 2>/dev/null || :',
    mend: 'umount /mnt',
    path: '/mnt/f',
    size: 60_000,
    words: /lockstep: \/mnt\/f could not be written: No space left on device$/,
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
    what: 'a quota',
    make: `set -e; ${QUOTA}; echo old >/mnt/f; sync /mnt/f`,
    mend: 'umount /mnt; umount /srv; rm /var/disk',
    path: '/mnt/f',
    size: 2_000_000,
    words: /lockstep: \/mnt\/f could not be written: Disk quota exceeded$/,
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

test('a SELinux label is kept when the file is replaced', async () => {
  // The kernel of a lab host need not have SELinux for a file to have a label; that it has is what is pretended here.
  const label = 'system_u:object_r:shadow_t:s0'
  await on(`mount -t tmpfs none /sys/fs/selinux; touch /sys/fs/selinux/enforce; echo old >/etc/labelled
    python3 -c "import os; os.setxattr('/etc/labelled', 'security.selinux', b'${label}\\0')"`)
  try {
    expect((await write('/etc/labelled', 'new\n')).failed).toEqual([])
    expect(await on('ls -Z /etc/labelled; cat /etc/labelled')).toBe(`${label} /etc/labelled\nnew`)
  } finally {
    await on('umount /sys/fs/selinux; rm /etc/labelled')
  }
})
