import type { HopTiming } from '../wire/frames.pb.js'
import type { HopTime } from './types.ts'

/** Each hop's mean part in the decoded tokens of one chain. */
export class HopTimes {
  #tokens = 0
  #sums: HopTime[] = []

  /** Another chain: its hops are others. */
  restart(): void {
    this.#tokens = 0
    this.#sums = []
  }

  /** Of a token; none where its step gave one before. */
  add(timings: readonly HopTiming[]): void {
    this.#tokens++
    for (const [at, { queueUs, computeUs }] of timings.entries()) {
      this.#sums[at] ??= { queueMs: 0, computeMs: 0 }
      this.#sums[at].queueMs += queueUs / 1000
      this.#sums[at].computeMs += computeUs / 1000
    }
  }

  mean(): HopTime[] {
    return this.#sums.map(({ queueMs, computeMs }) => ({ queueMs: queueMs / this.#tokens, computeMs: computeMs / this.#tokens }))
  }
}
