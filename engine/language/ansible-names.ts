/** What to write in place of a name of Ansible's that an expression or a template reads; undefined for other names. */
export function hintForAnsibleName(name: string): string | undefined {
  const ours = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined
  if (ours !== undefined) return `write ${ours}`
  if (Object.hasOwn(SENTENCES, name)) return SENTENCES[name]
  return name.startsWith('ansible_') ? "that is Ansible's name: facts are below facts, as in facts.os.id" : undefined
}

const NAMES: Readonly<Record<string, string>> = {
  ansible_architecture: 'facts.architecture',
  ansible_check_mode: 'check_mode',
  ansible_date_time: 'now',
  ansible_default_ipv4: 'facts.default_address',
  ansible_distribution: 'facts.os.id',
  ansible_distribution_major_version: 'facts.os.version',
  ansible_distribution_release: 'facts.os.codename',
  ansible_distribution_version: 'facts.os.version',
  ansible_env: 'env.NAME, the environment of the controller',
  ansible_facts: 'facts, as in facts.hostname',
  ansible_fqdn: 'facts.hostname',
  ansible_host: 'address',
  ansible_hostname: 'facts.hostname',
  ansible_kernel: 'facts.kernel.release',
  ansible_memtotal_mb: 'facts.memory_mib',
  ansible_nodename: 'facts.hostname',
  ansible_os_family: 'facts.os.id',
  ansible_play_batch: 'play_hosts',
  ansible_play_hosts: 'play_hosts',
  ansible_play_hosts_all: 'play_hosts',
  ansible_port: 'port',
  ansible_processor_vcpus: 'facts.cpus',
  ansible_service_mgr: 'facts.service_manager',
  ansible_system: 'facts.kernel.name',
  ansible_user: 'remote_user',
  ansible_all_ipv4_addresses: 'facts.addresses, by interface',
  inventory_hostname_short: 'inventory_hostname.split(".")[0]',
}

const SENTENCES: Readonly<Record<string, string>> = {
  omit: 'there is no omit: write two tasks with when, or default(name, …) with the value that is meant',
  role_path: 'paths in a role are relative to it already',
  inventory_dir: 'paths are relative to the playbook: playbook_dir',
  inventory_file: 'paths are relative to the playbook: playbook_dir',
  ansible_managed: 'write the sentence itself',
  lookup: 'write file("path"), env.NAME, or what the lookup would have found',
  query: 'write file("path"), env.NAME, or what the query would have found',
  item: "'item' is the item of a loop, and there is none here",
}
