import { type Broken, breakLock, parseBroken } from '../remote/lock.ts'
import { printableLine } from '../report/printable.ts'
import { moment } from '../resource/moment.ts'
import { type EachHostFlags, eachHost } from './each-host.ts'
import { eachUser } from './each-user.ts'
import { exitCodes } from './failure.ts'
import { operator } from './operator.ts'

/** Breaks the locks on the hosts of a pattern and prints whose they were. */
export async function breakLocks(pattern: string, flags: EachHostFlags): Promise<number> {
  return await eachHost(pattern, flags, async (remote, host) => {
    const lines: string[] = []
    let code: number = exitCodes.done
    for (const become of await eachUser(remote, flags)) {
      const commands = [breakLock(operator(), new Date().toISOString())]
      const { jobs } = await remote.round({ become, jobs: [{ commands, timeoutMs: 30_000 }], reads: [] })
      const result = jobs[0]?.[0]
      if (result?.code !== 0) {
        lines.push(`the lock could not be broken: ${result?.stderr.toString().trim()}`)
        code = exitCodes.failed
      } else lines.push(...wordsFor(parseBroken(result.stdout)))
    }
    const all = lines.length > 0 ? lines : ['nobody has a lock']
    return { text: all.map((line) => `${printableLine(`${host}: ${line}`)}\n`).join(''), code }
  })
}

function wordsFor(broken: Broken): string[] {
  if (broken.kind === 'none') return []
  if (broken.kind === 'stale') return ['removed a lock that nobody held']
  const { by = 'somebody', playbook = 'a playbook', since } = broken.holder
  const time = since === undefined ? '' : ` since ${moment(since, new Date())}`
  return [`broke the lock of ${by}, who has been working there${time} with ${playbook}`]
}
