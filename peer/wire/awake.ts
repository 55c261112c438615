/**
 * Waiting that only counts while this process runs. A laptop that slept, a throttled tab, a process that was stopped: their
 * timers come late and all at once, before what others sent meanwhile is read. Whoever then went by the clock would accuse
 * its neighbours of its own absence.
 */
import type { Clock } from './clock.ts'

/** A timer this late means that the process stood still; a busy event loop is some tens of milliseconds late. */
export const LATE_MS = 500

/** A machine so loaded that every timer is late must still come to an end. */
const MAX_RESTARTS = 4

/** Calls `fire` after `ms`; when this process stood still meanwhile, the wait starts anew. The returned function forgets it. */
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

const TICK_MS = 1_000

/** Remembers when this process last stood still: what broke just after that is nobody's fault. */
export class PauseWatch {
  readonly #clock: Clock
  #tickedAt: number
  #pausedAt = Number.NEGATIVE_INFINITY
  #forget = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
    this.#tickedAt = clock.now()
    this.#schedule()
  }

  /** Whether the process stood still within the last `ms`; also when its timers have not yet told. */
  within(ms: number): boolean {
    this.#look()
    return this.#clock.now() - this.#pausedAt < ms
  }

  stop(): void {
    this.#forget()
  }

  #schedule(): void {
    this.#forget = this.#clock.after(TICK_MS, () => {
      this.#look()
      this.#tickedAt = this.#clock.now()
      this.#schedule()
    })
  }

  #look(): void {
    const now = this.#clock.now()
    if (now - this.#tickedAt > TICK_MS + LATE_MS) this.#pausedAt = now
  }
}
