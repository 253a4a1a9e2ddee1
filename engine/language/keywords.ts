/** What a keyword may stand on. A handler is a task. */
export type Holder = 'play' | 'block' | 'task'

const EVERYWHERE =
  'name tags vars when become become_user become_method environment check_mode diff no_log throttle timeout ignore_errors ignore_unreachable any_errors_fatal module_defaults serial order max_failures max_fail_percentage'

const BY_HOLDER: Readonly<Record<Holder, string>> = {
  play: `${EVERYWHERE} hosts vars_files roles pre_tasks tasks post_tasks handlers gather_facts strategy port remote_user connection include`,
  block: `${EVERYWHERE} block rescue always delegate_to run_once notify`,
  task: `${EVERYWHERE} register loop loop_control until retries delay notify listen changed_when failed_when delegate_to run_once include meta`,
}

/** The keywords that a play, a block or a task may have. */
export const keywords: Readonly<Record<Holder, ReadonlySet<string>>> = {
  play: new Set(BY_HOLDER.play.split(' ')),
  block: new Set(BY_HOLDER.block.split(' ')),
  task: new Set(BY_HOLDER.task.split(' ')),
}

/** What to write in place of a keyword of Ansible's. */
export const ANSIBLE_KEYWORDS: Readonly<Record<string, string>> = {
  action: 'write the module as a key of its own, as in file: { path: … }',
  args: 'write the arguments below the module',
  async: 'give the task a timeout',
  become_flags: 'leave it out',
  collections: 'leave it out: modules are built in',
  debugger: 'leave it out',
  delegate_facts: 'leave it out',
  environement: 'write environment',
  force_handlers: 'leave it out: a notified handler is never lost',
  gather_subset: 'leave it out: facts are few',
  hosts: 'a play stands in a list of plays, not among tasks',
  import_playbook: 'write include: with the path of the playbook',
  import_role: 'write include: { role: NAME }',
  import_tasks: 'write include: with the path of the file',
  include_role: 'write include: { role: NAME }',
  include_tasks: 'write include: with the path of the file',
  include_vars: 'write vars_files on the play',
  local_action: 'write delegate_to: localhost',
  poll: 'leave it out',
  set_fact: 'write vars on the block or the play, or use a registered value',
  sudo: 'write become: true',
  sudo_user: 'write become_user',
  vars_prompt: 'give the value with -e',
  with_dict: 'write loop: "{{items name}}"',
  with_fileglob: 'list the files in loop',
  with_items: 'write loop',
  with_list: 'write loop',
  with_nested: 'write loop with an expression',
  with_sequence: 'write loop: "{{range 1 11}}" for 1 to 10',
  with_file: 'write loop with the paths, and file(item) in the task',
  with_first_found: 'give the path by a variable of the group or host',
  with_indexed_items: 'write loop, and loop_control: { index_var: NAME }',
  with_subelements: 'write loop with an expression: users.map(u, u.keys.map(k, {"user": u, "key": k})).flatten()',
  with_together: 'write loop with an expression',
}

/** What to write in place of a module of Ansible's: the name of ours, or a sentence where none is the same. */
export const ANSIBLE_MODULES: Readonly<Record<string, string>> = {
  apt: 'package',
  authorized_key: 'authorized-key',
  blockinfile: 'block-in-file',
  iptables: 'iptables-chain',
  lineinfile: 'line-in-file',
  openssh_keypair: 'keygen',
  openssl_privatekey: 'openssl-key',
  openssl_csr: 'openssl-csr',
  x509_certificate: 'openssl-sign',
  service: 'systemd',
  systemd_service: 'systemd',
  uri: 'http',
}

/** Modules of Ansible's that have no equal here, with what to do without. */
export const ANSIBLE_MODULE_HINTS: Readonly<Record<string, string>> = {
  add_host: 'write all hosts into the inventory, or into a program that answers --list',
  apt_key: 'write the key with copy into /etc/apt/keyrings',
  apt_repository: 'write a file with copy into /etc/apt/sources.list.d',
  assemble: 'write one template',
  async_status: 'give the task a timeout',
  cron: 'write systemd with a timer as content',
  dnf: 'package is for Debian; write command with a guard',
  get_url: 'write shell: { cmd: "curl -fsSLo PATH URL", creates: PATH }',
  git: 'write command with a guard: creates, unless or only_if',
  group_by: 'write groups into the inventory, or a condition with when',
  include: 'write include: with a path or { role: NAME }',
  mount: 'write systemd with a mount unit as content',
  pause: 'write wait-for with what is waited for',
  pip: 'write command with a guard: creates, unless or only_if',
  raw: 'write command or shell: hosts need nothing but a shell',
  replace: 'write line-in-file or block-in-file, or a template of the whole file',
  set_fact: 'write vars on the block or the play, or use a registered value',
  set_stats: 'register a value: other hosts and plays see it through hostvars',
  setup: 'leave it out: facts are gathered when something names them',
  slurp: 'write command: cat PATH, with register',
  stat: 'write a guard on the command: creates, removes, unless or only_if',
  synchronize: 'write copy for each file',
  unarchive: 'write shell with a guard: { cmd: "tar -xf …", creates: PATH }',
  yum: 'package is for Debian; write command with a guard',
}
