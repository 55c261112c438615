/** How fast KV comes free here lately, for telling whoever finds none when to come back. */
import type { Clock } from '../wire/clock.ts'
import { BUSY_RETRY_MS } from './limits.ts'

/** In which what came free loses half its weight: follows a change of load within a minute. */
const HALF_LIFE_MS = 30_000
/** Told at most: by then anything may have changed. */
const LONGEST_MS = 60_000

export class KvTurnover {
  readonly #clock: Clock
  #tokens = 0
  #countedAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** KV of so many positions came free. */
  gave(tokens: number): void {
    this.#tokens = this.#now() + tokens
    this.#countedAt = this.#clock.now()
  }

  /** Until KV of so many positions is likely to have come free. */
  waitMs(tokens: number): number {
    const perMs = (this.#now() * Math.LN2) / HALF_LIFE_MS
    if (perMs === 0) return BUSY_RETRY_MS
    return Math.round(Math.min(LONGEST_MS, Math.max(BUSY_RETRY_MS, tokens / perMs)))
  }

  #now(): number {
    return this.#tokens * 2 ** ((this.#countedAt - this.#clock.now()) / HALF_LIFE_MS)
  }
}
