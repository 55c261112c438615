/** How often a host is asked for sessions lately, for donors to go where they are wanted. */
import type { Clock } from '../wire/clock.ts'

/** In which what was asked loses half its weight: asked once a second, it counts about sixty. */
const HALF_LIFE_MS = 42_000

export class Demand {
  readonly #clock: Clock
  #count = 0
  #countedAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  asked(): void {
    this.#count = this.#now() + 1
    this.#countedAt = this.#clock.now()
  }

  /** About the sessions asked for in a minute, as a power of two or 0: finer, and it would be news all the time. */
  get perMinute(): number {
    const now = this.#now()
    return now < 0.5 ? 0 : 2 ** Math.round(Math.log2(now))
  }

  #now(): number {
    return this.#count * 2 ** ((this.#countedAt - this.#clock.now()) / HALF_LIFE_MS)
  }
}
