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
  with_together: 'write loop with an expression',
}

/** What to write in place of a module of Ansible's. */
export const ANSIBLE_MODULES: Readonly<Record<string, string>> = {
  apt: 'package',
  authorized_key: 'authorized-key',
  blockinfile: 'block-in-file',
  get_url: 'http',
  iptables: 'iptables-chain',
  lineinfile: 'line-in-file',
  openssh_keypair: 'keygen',
  service: 'systemd',
  systemd_service: 'systemd',
  uri: 'http',
}
