// Loaded before the program with `node --import`: at its end adds what the process itself has used to the file that LOCKSTEP_USAGE names.
// On lab hosts the work is done by a second process, in the network of the lab.
import { appendFileSync } from 'node:fs'

const file = process.env.LOCKSTEP_USAGE

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  appendFileSync(file, `${JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, memoryMiB: maxRSS / 1024 })}\n`)
})
