import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Finding, findings } from '../report/status.ts'

/** Flags of every command that opens what is encrypted. */
export interface KeyFlags {
  identity?: string[]
  vaultPasswordFile?: string[]
}

/** Flags of every command that reads an inventory. */
export interface InventoryFlags extends KeyFlags {
  inventory?: string[]
  limit?: string[]
}

/** Flags of every command that reads a playbook. */
export interface PlaybookFlags extends InventoryFlags {
  tags?: string[]
  skipTags?: string[]
  extraVars?: string[]
}

/** Flags of every command that connects to hosts. */
export interface ConnectionFlags {
  forks: number
  user?: string
  become?: true
  becomeUser?: string
  becomeMethod?: 'sudo' | 'su' | 'doas'
  askBecomePass?: true
  askPass?: true
  timeout?: number
  privateKey?: string
  connection?: 'ssh2' | 'openssh' | 'local'
  acceptNewHostKeys?: true
  sshConfig?: string
}

/** The flag of commands that change hosts. */
export interface GuardFlags {
  guardSeconds?: number
}

/** Flags of every command that reports what happens on hosts. */
export interface ReportFlags {
  output: 'terminal' | 'jsonl'
  verbose: number
  diff?: true
  report?: string[]
}

/** Flags of a check. */
export interface CheckFlags {
  failOn?: Finding[]
}

export function addKeyFlags(command: Command): Command {
  return command
    .option('--identity <file>', 'open age files with this identity', collect)
    .option(
      '--vault-password-file <file>',
      'open vaults of Ansible with its password; ID@FILE for one vault id',
      collect,
    )
}

export function addInventoryFlags(command: Command): Command {
  return addKeyFlags(command)
    .option('-i, --inventory <path>', 'inventory file, folder or program; may be given several times', collect)
    .option('-l, --limit <pattern>', 'only these hosts of the inventory', collect)
}

export function addPlaybookFlags(command: Command): Command {
  return addInventoryFlags(command)
    .option('-t, --tags <names>', 'only tasks with these tags', collectWords)
    .option('--skip-tags <names>', 'no tasks with these tags', collectWords)
    .option(
      '-e, --extra-vars <vars>',
      'variables that win over all others: name=value, {JSON or YAML}, or @file',
      collect,
    )
}

export function addConnectionFlags(command: Command): Command {
  return command
    .option('-f, --forks <number>', 'hosts worked on at a time', wholeNumber, 20)
    .option('-u, --user <name>', 'log in as this user')
    .option('-b, --become', 'become root for every task that does not say otherwise')
    .option('--become-user <name>', 'become this user in place of root')
    .addOption(new Option('--become-method <how>', 'how to become').choices(['sudo', 'su', 'doas']))
    .option('-K, --ask-become-pass', 'ask for the password to become')
    .option('-k, --ask-pass', 'ask for the password to log in')
    .option('-T, --timeout <seconds>', 'seconds to wait for a connection', wholeNumber)
    .option('--private-key <file>', 'log in with this key')
    .addOption(new Option('--connection <kind>', 'how to connect').choices(['ssh2', 'openssh', 'local']))
    .option('--accept-new-host-keys', 'trust hosts that known_hosts does not list yet, and add them')
    .option('--ssh-config <file>', 'read this in place of ~/.ssh/config')
}

export function addGuardFlag(command: Command): Command {
  return command.addOption(
    new Option(
      '--guard-seconds <seconds>',
      'a change that may cut off the way in is undone by the host after so long, unless a new login proves the way; 0 for no guard',
    )
      .default(60)
      .argParser((value) => (value === '0' ? 0 : wholeNumber(value))),
  )
}

export function addReportFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--output <form>', 'for people or for programs').choices(['terminal', 'jsonl']).default('terminal'),
    )
    .option('-v, --verbose', 'tell more; -vv names every host', (_value, sum: number) => sum + 1, 0)
    .option('-D, --diff', 'show differences at full length')
    .option('--report <file>', 'write a report too: .html, .json, .sarif, .xml (JUnit) or .md; several times', collect)
}

export function addCheckFlags(command: Command): Command {
  return command.addOption(
    new Option(
      '--fail-on <what>',
      `what makes a check end with exit code 2: ${findings.join(',')} (default: drift,not-visible)`,
    ).argParser(collectFindings),
  )
}

function collectFindings(value: string, before: Finding[] = []): Finding[] {
  const words = collectWords(value)
  const known = words.flatMap((word) => findings.find((finding) => finding === word) ?? [])
  if (known.length === words.length && known.length > 0) return [...before, ...known]
  throw new InvalidArgumentError(`It takes ${findings.join(', ')}, or several of them with commas between.`)
}

/** Flags of a run and of a check, which are recorded. */
export interface RecordFlags {
  /** False: not recorded. */
  history?: boolean
}

export function addRecordFlags(command: Command): Command {
  return command.option('--no-history', 'leave no record for `lockstep runs`')
}

/** All that a run and a check have in common. */
export function addPlayFlags(command: Command): Command {
  return addRecordFlags(addCheckFlags(addGuardFlag(addReportFlags(addConnectionFlags(addPlaybookFlags(command))))))
}

/** A flag that may be given several times. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

function collectWords(value: string, before: string[] = []): string[] {
  return [
    ...before,
    ...value
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  ]
}

/** An argument that counts something. */
export function wholeNumber(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('It takes a whole number from 1 on.')
}
