/**
 * Remembers when this process last stood still: a laptop that slept, a throttled tab, a process that was stopped. Others gave
 * it up meanwhile, so what breaks just after is nobody's fault but its own.
 */
import { type Clock, LATE_MS } from './clock.ts'

const TICK_MS = 1_000

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
