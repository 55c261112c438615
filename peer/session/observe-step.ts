/** What a step's timings say of the rates that its hops announced. */
import type { Route } from '../swarm/types.ts'
import type { HopTiming } from '../wire/frames.pb.js'

export interface Observation {
  peer: string
  promisedMs: number
  observedMs: number
}

/**
 * Of decode steps only: a prefill's rate depends on the size of its chunk, and the announced one is that of full chunks.
 * Waiting in a queue is announced by itself and no part of a rate.
 */
export function observeStep(route: Route, count: number, timings: readonly HopTiming[]): Observation[] {
  if (count !== 1) return []
  return route.hops.flatMap(({ peer, promisedMs }, at) => {
    const timing = timings[at]
    return timing === undefined ? [] : [{ peer, promisedMs, observedMs: timing.computeUs / 1000 }]
  })
}
