/**
 * Notices what the browser does to a hidden tab. Hops are driven by messages and leases by a worker's timers, so a slowed
 * tab serves on and says that it is slowed; one that was frozen for longer than a reader of an answer waits steps down
 * until it is seen again.
 */
import type { WorkerClock } from './worker-clock.ts'

const TICK_MS = 1_000
/** A page's own timer that comes this late is being slowed: hidden pages get one a second, then one a minute. */
const LATE_MS = 5_000
/** Even the worker's message came this late: the tab stood still, and its neighbours have taken it for lost. */
const FROZEN_MS = 8_000

export interface TabCareOptions {
  onThrottled: (throttled: boolean) => void
  onFrozen: (frozen: boolean) => void
  onTick: () => void
}

export interface TabCare {
  close: () => void
}

export function watchTab(clock: WorkerClock, { onThrottled, onFrozen, onTick }: TabCareOptions): TabCare {
  let ownAt = clock.now()
  let workerAt = ownAt
  let throttled = false
  let closed = false
  const own = setInterval(() => {
    ownAt = clock.now()
  }, TICK_MS)
  const tick = () => {
    if (closed) return
    const now = clock.now()
    const late = document.hidden && now - ownAt > LATE_MS
    if (late !== throttled) {
      throttled = late
      onThrottled(late)
    }
    if (document.hidden && now - workerAt > FROZEN_MS) onFrozen(true)
    workerAt = now
    onTick()
    clock.after(TICK_MS, tick)
  }
  const seen = () => {
    if (!document.hidden) onFrozen(false)
  }
  document.addEventListener('visibilitychange', seen)
  clock.after(TICK_MS, tick)
  return {
    close: () => {
      closed = true
      clearInterval(own)
      document.removeEventListener('visibilitychange', seen)
    }
  }
}
