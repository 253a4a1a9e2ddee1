import type { Command } from 'commander'
import { Problem } from '../problem.ts'

/** The subcommands of `lab` that break hosts and mend them. */
export function declareLabFaults(lab: Command): void {
  for (const { name, does, call } of faults) {
    lab
      .command(name)
      .argument('<host...>')
      .description(does)
      .action(async (hosts: string[]) => {
        const faultModule = await import('../../lab/faults.ts')
        for (const host of hosts) await faultModule[call](host)
      })
  }

  lab
    .command('delay')
    .argument('<host>')
    .argument('<time>', 'as in 20ms; 0 takes the delay away')
    .description('makes every packet of a host wait, in each direction')
    .action(async (host: string, time: string) => {
      const { labDelay } = await import('../../lab/faults.ts')
      await labDelay(host, milliseconds(time))
    })
}

const faults = [
  { name: 'cut', does: 'pulls the network cable of hosts', call: 'labCut' },
  { name: 'heal', does: 'plugs it in again', call: 'labHeal' },
  { name: 'freeze', does: 'stops every process of hosts', call: 'labFreeze' },
  { name: 'thaw', does: 'lets them go on', call: 'labThaw' },
  { name: 'kill', does: 'cuts the power of hosts', call: 'labKill' },
  { name: 'start', does: 'gives them power again', call: 'labPowerOn' },
  { name: 'reboot', does: 'reboots hosts', call: 'labReboot' },
] as const

function milliseconds(time: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(time)
  if (parts) return Number(parts[1]) * (parts[2] === 's' ? 1000 : 1)
  throw new Problem({ code: 'BAD_OPTION', message: `'${time}' is no time`, hint: 'write it as in 20ms or 0.5s' })
}
