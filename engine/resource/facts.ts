import type { Value, ValueMap } from './value.ts'

/** Every fact that is gathered of a host, by its path below `facts`, with what it says; the documentation's table is made of it. */
export const FACTS: Readonly<Record<string, string>> = {
  'os.id': 'the distribution in one word, as in `debian` or `ubuntu` (ID of /etc/os-release)',
  'os.name': 'its name, as in `Debian GNU/Linux`',
  'os.version': 'its version, a text as in `12` or `24.04`; empty when the distribution has none',
  'os.codename': 'the name of the version, as in `bookworm`',
  'kernel.name': '`Linux`',
  'kernel.release': 'as in `6.1.0-18-amd64`',
  architecture: 'as `uname -m` says it: `x86_64`, `aarch64`',
  hostname: 'the name that the kernel knows the host by; `inventory_hostname` is that of the inventory',
  memory_mib: 'memory, in MiB',
  cpus: 'processors that are online',
  service_manager: 'the name of process 1, as in `systemd`',
  addresses: 'IP addresses of each interface: `addresses.eth0` is a list, IPv4 before IPv6 as the kernel lists them',
  default_address:
    'the first address of the interface that the default route leaves by; without one, of the first but `lo`',
  time: 'the host’s clock when it was asked, in seconds since 1970',
}

/** A mapping with a value for each fact. */
export function factsLike(make: (path: string) => Value): ValueMap {
  const facts: Record<string, Value> = {}
  for (const path of Object.keys(FACTS)) {
    const [first = '', second] = path.split('.')
    if (second === undefined) facts[first] = make(path)
    else facts[first] = { ...(facts[first] as ValueMap | undefined), [second]: make(path) }
  }
  return facts
}
