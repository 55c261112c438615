/**
 * How much prefill one run may hold while others decode: a slow peer would keep them waiting for seconds behind a whole
 * batch of it, a fast one fills its batches.
 */
import type { Clock } from '../wire/clock.ts'

/** What a decode step may wait for a piece of prefill: a word is late, but the answer does not stand. */
const PIECE_MS = 250
/** A piece is no smaller: each reads all weights. */
const LEAST_TOKENS = 16
/** Since its last token an answer goes on: longer than a step takes on the way through a slow chain. */
const DECODING_MS = 5_000
/** Weight of the newest run. */
const LEARNING_RATE = 0.25

export class PrefillPace {
  readonly #clock: Clock
  #msPerToken = 0
  #decodedAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A run of so many tokens has ended. */
  ran(ms: number, tokens: number, decode: boolean, prefill: boolean): void {
    if (decode) this.#decodedAt = this.#clock.now()
    if (!prefill) return
    const rate = ms / tokens
    this.#msPerToken = this.#msPerToken === 0 ? rate : this.#msPerToken + LEARNING_RATE * (rate - this.#msPerToken)
  }

  /** Tokens of prefill that the next run may take. */
  get tokens(): number {
    if (this.#clock.now() - this.#decodedAt > DECODING_MS || this.#msPerToken === 0) return Number.POSITIVE_INFINITY
    return Math.max(LEAST_TOKENS, Math.floor(PIECE_MS / this.#msPerToken))
  }
}
