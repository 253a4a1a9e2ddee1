import type { Channel, Link } from './link.ts'

/** A command's channel, or nothing when the host takes too long; one that comes later is let go. */
export async function openWithin(link: Link, command: string, timeoutMs: number): Promise<Channel | undefined> {
  let timer: NodeJS.Timeout | undefined
  let late = false
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      late = true
      resolve(undefined)
    }, timeoutMs)
  })
  const opening = link.open(command)
  opening.then(
    (channel) => {
      if (late) channel.kill()
    },
    () => {
      // Whoever waits for the channel gets the reason; when it is late, nobody does.
    },
  )
  try {
    return await Promise.race([opening, limit])
  } finally {
    clearTimeout(timer)
  }
}
