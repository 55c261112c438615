/** Strikes hops of a chain at the moment one of them starts the step of a given position, as it tells of it itself. */
import type { Holder, HopEvent } from './pool.ts'

export interface KillerOptions {
  /** Hops to strike together; the last of them is the one whose step is waited for. */
  hops: readonly number[]
  /** One of that step's, which has several where tokens are drafted. */
  position: number
  /** Strike the replacement too, when it starts its first step. */
  again: boolean
  strike: (holder: Holder) => void
}

export class Killer {
  readonly #options: KillerOptions
  /** Who has each part of the newest chain. */
  readonly #chain = new Map<number, Holder>()
  readonly deaths: Holder[] = []
  /** Tokens that had been read when the first was struck. */
  tokensBefore = 0
  /** When the first was struck, ms of performance.now(). */
  diedAt = 0

  constructor(options: KillerOptions) {
    this.#options = options
  }

  /** `tokens`: how many have been read so far. */
  hear({ holder, what, position, count }: HopEvent, tokens: number): void {
    if (what === 'hop open') {
      this.#chain.set(holder.part, holder)
      return
    }
    const { hops, again } = this.#options
    if (holder.part !== hops.at(-1)) return
    if (this.deaths.length === 0) {
      const wanted = this.#options.position
      if (wanted < position || wanted >= position + count) return
      this.tokensBefore = tokens
      this.diedAt = performance.now()
      for (const part of hops) this.#strike(this.#chain.get(part)!)
    } else if (again && this.deaths.length === hops.length && !this.deaths.includes(holder)) this.#strike(holder)
  }

  #strike(holder: Holder): void {
    this.deaths.push(holder)
    this.#options.strike(holder)
  }
}
