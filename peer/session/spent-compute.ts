import type { Route } from '../swarm/types.ts'
import type { HopTiming } from '../wire/frames.pb.js'

/** What each peer computed for one answer, over every chain it had: what its energy is reckoned from. */
export class SpentCompute {
  readonly #ms = new Map<string, number>()
  #peers: string[] = []

  /** Timings that come now are of this route's hops. */
  follow(route: Route): void {
    this.#peers = route.hops.map(({ peer }) => peer)
  }

  add(timings: readonly HopTiming[]): void {
    for (const [at, { computeUs }] of timings.entries()) {
      const peer = this.#peers[at]
      if (peer !== undefined) this.#ms.set(peer, (this.#ms.get(peer) ?? 0) + computeUs / 1000)
    }
  }

  byPeer(): { peer: string; ms: number }[] {
    return [...this.#ms].map(([peer, ms]) => ({ peer, ms }))
  }
}
