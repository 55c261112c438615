/** What a step's timings say of the rates that its hops announced. */
import type { Route } from '../swarm/types.ts'
import type { Answer } from '../wire/frames.pb.js'

export interface Observation {
  peer: string
  promisedMs: number
  observedMs: number
}

/**
 * Of decode steps only, which have a row for each token: a prefill's rate depends on the size of its chunk, and the announced
 * one is that of full chunks. Waiting in a queue is announced by itself and no part of a rate. A step with drafted tokens
 * takes as long as one token at least, and at most as long as each of its tokens by itself: it says something where even so
 * the hop was slower, or faster.
 */
export function observeStep(route: Route, { count, rows, timings }: Pick<Answer, 'count' | 'rows' | 'timings'>): Observation[] {
  if (rows.length !== count) return []
  return route.hops.flatMap(({ peer, promisedMs }, at) => {
    const timing = timings[at]
    if (timing === undefined) return []
    const ms = timing.computeUs / 1000
    const observedMs = Math.max(ms / count, Math.min(ms, promisedMs))
    return count > 1 && observedMs === promisedMs ? [] : [{ peer, promisedMs, observedMs }]
  })
}
