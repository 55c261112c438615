/**
 * Timers for a page that may be hidden: browsers slow a hidden page's own timers to one a second or one a minute, those of
 * its workers hardly, and messages not at all.
 */
import type { TimerOrder } from './worker-clock.ts'

const timers = new Map<number, ReturnType<typeof setTimeout>>()

self.onmessage = ({ data: { id, ms } }: MessageEvent<TimerOrder>) => {
  clearTimeout(timers.get(id))
  timers.delete(id)
  if (ms === undefined) return
  const fire = () => {
    timers.delete(id)
    self.postMessage(id)
  }
  timers.set(id, setTimeout(fire, ms))
}
