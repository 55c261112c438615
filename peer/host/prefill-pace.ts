/**
 * How many tokens of prefill the next run may hold while others decode: as many as fit the time until the next of their
 * tokens is due, and beyond it a part of what decoding takes anyway, so that a prompt beside them lengthens no token by half.
 * A peer where nobody decodes fills its batches.
 */
import type { Clock } from '../wire/clock.ts'
import type { DecodeFlow } from './decode-flow.ts'
import type { RunCosts } from './run-costs.ts'

/**
 * Of the time a token takes: what prefill may add to its runs, and as much again that it may find under way when it comes
 * early. Tokens that take longer for it allow more, up to 1 / (1 − 2 · 0.1) = 1.25 times what they would take.
 */
const ALLOWANCE = 0.1
/** Prefill has this part of the time at least, in pieces of so many tokens, each followed by a rest; */
const LEAST_SHARE = 0.125
/** twice and three times it once somebody has waited for this and twice this, up to half: no word at all is worse than slow ones. */
const MORE_EACH_MS = 1_000
const MOST_SHARE = 0.5
const LEAST_TOKENS = 16
/** And never more at a time: a token may come although none is expected, of an answer that begins. */
const PIECE_MS = 250
/** A run of its own is no smaller: each reads all weights. */
const LEAST_RUN_TOKENS = 4

export class PrefillPace {
  readonly #clock: Clock
  readonly #flow: DecodeFlow
  readonly #costs: RunCosts
  readonly #most: number
  /** Tokens that a run holds once prefill is due. */
  readonly least: number
  #ranAt = Number.NEGATIVE_INFINITY

  /** `costs`: of runs of prefill; `most`: tokens of a run. */
  constructor(clock: Clock, flow: DecodeFlow, costs: RunCosts, most: number) {
    this.#clock = clock
    this.#flow = flow
    this.#costs = costs
    this.#most = most
    this.least = Math.min(LEAST_TOKENS, Math.ceil(most / 2))
  }

  /** A run with some prefill in it has ended. */
  ran(): void {
    this.#ranAt = this.#clock.now()
  }

  /** Beside `decoded` tokens of decode, with `gapMs` until the next is due. 0: it waits, for `restMs` at most. */
  tokens(decoded: number, gapMs: number, restMs: number): number {
    if (this.#flow.sessions === 0) return Number.POSITIVE_INFINITY
    const allowedMs = ALLOWANCE * this.#flow.tokenMs
    const least = restMs === 0 ? this.least : 0
    if (decoded > 0) return Math.max(least, Math.floor(allowedMs / this.#costs.tokenMs(this.least)))
    const fits = this.#costs.tokensWithin(Math.min(PIECE_MS, Math.max(gapMs, allowedMs)), this.#most)
    return Math.max(least, fits < LEAST_RUN_TOKENS ? 0 : fits)
  }

  /** Until prefill is due whatever else is, where a prompt has waited for `waitedMs`. */
  restMs(waitedMs: number): number {
    const pieceMs = this.#costs.ms(this.least)
    const share = Math.min(MOST_SHARE, LEAST_SHARE * (1 + waitedMs / MORE_EACH_MS))
    return Math.max(0, this.#ranAt + pieceMs * (1 / share - 1) - this.#clock.now())
  }
}
