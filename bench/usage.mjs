// Loaded before the program with `node --import`: at its end writes what the process itself has used to the file that LOCKSTEP_USAGE names.
import { writeFileSync } from 'node:fs'

const file = process.env.LOCKSTEP_USAGE

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  writeFileSync(file, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, memoryMiB: maxRSS / 1024 }))
})
