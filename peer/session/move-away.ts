/**
 * Whether a session should leave a chain that works, but far slower than its hops promised. Moving costs a replay, so it is
 * done rarely, for much, and only for what was observed of compute: a slow link may be the driver's own, and would follow it.
 */
import type { Reputation } from '../swarm/reputation.ts'
import type { Route } from '../swarm/types.ts'
import type { Clock } from '../wire/clock.ts'

/** Decoded tokens on a chain before it is judged: what is observed follows a change within about five. */
const LEAST_STEPS = 8
/** Between two looks for a better chain, each a question to the directory. */
const LOOK_MS = 10_000
/** Another chain must compute this many times faster, */
const LEAST_GAIN = 3
/** and save this much a token, or the replay is never won back. */
const LEAST_GAIN_MS = 100
/** Of one session: peers nobody has observed look as good as they promise, and may be no better. */
const MAX_MOVES = 2

/** What a token's compute takes on the route, after what was observed of its peers. */
export function computeMs({ hops }: Route, reputation: Reputation, now: number): number {
  return hops.reduce((sum, { peer, promisedMs }) => sum + promisedMs / reputation.ratio(peer, now), 0)
}

export class MoveAway {
  readonly #clock: Clock
  readonly #reputation: Reputation
  readonly #plan: () => Promise<Route>
  #steps = 0
  #lookedAt = Number.NEGATIVE_INFINITY
  #moves = 0
  #due = false

  /** `plan`: the best route now. */
  constructor(clock: Clock, reputation: Reputation, plan: () => Promise<Route>) {
    this.#clock = clock
    this.#reputation = reputation
    this.#plan = plan
  }

  /** A chain is new: nothing is known of it. */
  restart(): void {
    this.#steps = 0
    this.#due = false
  }

  /** The chain has decoded a token. Looks for a better one in the background. */
  decoded(route: Route): void {
    const now = this.#clock.now()
    const promised = route.hops.reduce((sum, hop) => sum + hop.promisedMs, 0)
    const observed = computeMs(route, this.#reputation, now)
    const slow = observed > LEAST_GAIN * promised && observed - promised > LEAST_GAIN_MS
    if (++this.#steps < LEAST_STEPS || !slow || this.#moves >= MAX_MOVES || now - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = now
    const steps = this.#steps
    void this.#isBetterThan(route).then(better => {
      // Of another chain by now, if it has fewer steps.
      this.#due = better && this.#steps >= steps
    })
  }

  /** True once when it is time to go. */
  take(): boolean {
    const due = this.#due
    this.#due = false
    if (due) this.#moves++
    return due
  }

  async #isBetterThan(route: Route): Promise<boolean> {
    try {
      const best = await this.#plan()
      const now = this.#clock.now()
      const [here, there] = [route, best].map(way => computeMs(way, this.#reputation, now)) as [number, number]
      return here > LEAST_GAIN * there && here - there > LEAST_GAIN_MS
    } catch {
      // No directory, no other route: it stays.
      return false
    }
  }
}
