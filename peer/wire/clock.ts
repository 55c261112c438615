/**
 * Time as protocols see it: a reading and a timer. Leases, back-off and limits are all measured through it, so that
 * tests run hours of protocol in milliseconds and in a fixed order.
 */
import { DeadlineError } from '../errors.ts'

export interface Clock {
  /** Milliseconds since 1970; never runs backwards within a process. */
  now: () => number
  /** Calls `fire` once after `ms`; the returned function forgets it. */
  after: (ms: number, fire: () => void) => () => void
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (ms, fire) => {
    const timer = setTimeout(fire, ms)
    return () => clearTimeout(timer)
  }
}

/** A timer this late means that the process stood still; a busy event loop is some tens of milliseconds late. */
export const LATE_MS = 500

/** A machine so loaded that every timer is late must still come to an end. */
const MAX_RESTARTS = 4

/**
 * Calls `fire` once this process has waited `ms` for others. When it stood still meanwhile the wait starts anew: its timers
 * come late and all at once, before it has read what others sent, and would accuse them of its own absence. The returned
 * function forgets it.
 */
export function afterAwake(clock: Clock, ms: number, fire: () => void): () => void {
  let forget = () => {}
  const wait = (restarts: number) => {
    const due = clock.now() + ms
    forget = clock.after(ms, () => {
      if (restarts > 0 && clock.now() - due > LATE_MS) wait(restarts - 1)
      else fire()
    })
  }
  wait(MAX_RESTARTS)
  return () => forget()
}

/** Waits; rejects with the signal's reason when that comes first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = () => {
      forget()
      reject(signal?.reason)
    }
    const forget = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * Runs `work` with a signal that aborts when `parent` does or after `ms` (of `afterAwake`), whichever is first.
 * @throws DeadlineError naming `what` after `ms`, even when the work ignores its signal
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  what: string,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>
): Promise<T> {
  parent?.throwIfAborted()
  const controller = new AbortController()
  const forget = afterAwake(clock, ms, () => controller.abort(new DeadlineError(`${what} took longer than ${Math.round(ms)} ms`)))
  const onAbort = () => controller.abort(parent?.reason)
  parent?.addEventListener('abort', onAbort, { once: true })
  try {
    return await raceSignal(work(controller.signal), controller.signal)
  } finally {
    forget()
    parent?.removeEventListener('abort', onAbort)
  }
}

/** The promise's outcome, or the signal's reason as soon as it aborts. */
export function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
