/**
 * A clock whose timers run in a worker and arrive as messages, so that leases are renewed and load is told on time while
 * the tab is hidden.
 */
import { type Clock, systemClock } from '../peer/wire/clock.ts'

/** Without `ms`, forgets the timer. */
export interface TimerOrder {
  id: number
  ms?: number
}

export interface WorkerClock extends Clock {
  close: () => void
}

export function startWorkerClock(): WorkerClock {
  const worker = new Worker(new URL('./clock.worker.ts', import.meta.url), { type: 'module', name: 'clock' })
  const waiting = new Map<number, () => void>()
  let next = 0
  const order = (timer: TimerOrder) => worker.postMessage(timer)
  worker.onmessage = ({ data: id }: MessageEvent<number>) => {
    const fire = waiting.get(id)
    waiting.delete(id)
    fire?.()
  }
  return {
    now: systemClock.now,
    after: (ms, fire) => {
      const id = next++
      waiting.set(id, fire)
      order({ id, ms })
      return () => {
        if (waiting.delete(id)) order({ id })
      }
    },
    close: () => {
      waiting.clear()
      worker.terminate()
    }
  }
}
