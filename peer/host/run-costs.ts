/**
 * What a run of so many tokens takes on this peer: at first the line through the two rates measured when the span was loaded,
 * then what runs of about that size took, since a batch costs less than its tokens one by one, and a shared GPU more.
 */

/** Of any run: browsers' clocks tell no shorter time. */
const SHORTEST_MS = 0.1

/** Weight of the newest run. */
const LEARNING_RATE = 0.25

export interface MeasuredRates {
  /** Tokens a second through one layer, in batches and one at a time. */
  prefill: number
  decode: number
}

interface Size {
  tokens: number
  ms: number
}

export class RunCosts {
  readonly #fixedMs: number
  readonly #tokenMs: number
  /** Means of runs whose sizes have the same binary logarithm; a place for each. */
  readonly #sizes: (Size | undefined)[] = []

  constructor(rates: MeasuredRates, layers: number) {
    this.#tokenMs = (1_000 * layers) / rates.prefill
    this.#fixedMs = Math.max(0, (1_000 * layers) / rates.decode - this.#tokenMs)
  }

  ran(tokens: number, tookMs: number): void {
    const ms = Math.max(SHORTEST_MS, tookMs)
    const place = Math.floor(Math.log2(tokens))
    const size = this.#sizes[place]
    if (size === undefined) this.#sizes[place] = { tokens, ms }
    else {
      size.tokens += LEARNING_RATE * (tokens - size.tokens)
      size.ms += LEARNING_RATE * (ms - size.ms)
    }
  }

  /** Of a run of `tokens`: that of the size measured nearest to it, along the line. */
  ms(tokens: number): number {
    const place = Math.log2(tokens)
    let nearest: Size | undefined
    for (const size of this.#sizes)
      if (size !== undefined && (nearest === undefined || distance(size, place) <= distance(nearest, place))) nearest = size
    const line = this.#line(tokens)
    return nearest === undefined ? line : (nearest.ms * line) / this.#line(nearest.tokens)
  }

  /** Of each token that a run of about `tokens` has more. */
  tokenMs(tokens: number): number {
    return (this.ms(tokens) * this.#tokenMs) / this.#line(tokens)
  }

  /** The most tokens, in steps of a half or a third, whose run ends within `ms`; 0: none. */
  tokensWithin(ms: number, most: number): number {
    let fits = 0
    for (let power = 1; power <= most; power *= 2)
      for (const tokens of [power, power * 1.5]) if (tokens <= most && this.ms(tokens) <= ms) fits = Math.floor(tokens)
    return this.ms(most) <= ms ? most : fits
  }

  #line(tokens: number): number {
    return this.#fixedMs + tokens * this.#tokenMs
  }
}

function distance({ tokens }: Size, place: number): number {
  return Math.abs(Math.log2(tokens) - place)
}
