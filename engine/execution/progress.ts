import type { TaskRef } from '../report/event.ts'
import type { ProgressListener } from './act.ts'
import type { PlayContext } from './context.ts'

const SECOND = 1000

/** Tells how far files are that go to hosts, so seldom that a large one is a hundred events at most. */
export function progressTeller({ emit, now }: Pick<PlayContext, 'emit' | 'now'>, task: TaskRef): ProgressListener {
  const told = new Map<string, { at: number; percent: number }>()
  return ({ host, item }, sent, size) => {
    const key = JSON.stringify([host.name, item?.index])
    const time = now()
    const at = time.getTime()
    const percent = Math.floor((sent / size) * 100)
    const last = told.get(key) ?? { at, percent: 0 }
    told.set(key, last)
    if (at - last.at < SECOND || percent <= last.percent) return
    told.set(key, { at, percent })
    emit({
      type: 'task-progress',
      at: time.toISOString(),
      task,
      host: host.name,
      ...(item ? { item } : {}),
      sent,
      size,
    })
  }
}
