/**
 * How long a driver waits for a step before it asks, for an answer to that question before it gives a hop up, and for a
 * hop that is there but does not come to an end. Functions of what was measured; the clock is the caller's.
 */
import type { Route, RouteHop } from '../swarm/types.ts'
import type { Pace } from './pace.ts'

/** A step may take this many times what it usually does before the chain is probed. */
const STEP_FACTOR = 3
/** Not sooner, since event loops are late; not later however slow the chain, since a probe costs next to nothing. */
const LEAST_STEP_MS = 300
const MOST_STEP_MS = 1_000

/**
 * How long the next hop may keep silent after the one before it has answered: its event loop may be busy, its frames wait
 * behind others. Before a step has been answered, nothing is known of the links, and the first run may hold up a thread.
 */
const SILENT_MS = 1_000
const UNMEASURED_SILENT_MS = 1_500
/** The same of a hop whose directory node has seen it go: two signs together. */
const HINTED_SILENT_MS = 500
const MOST_SILENT_MS = 20_000
/** Bytes a millisecond of the slowest link worth a place in a chain (1 Mbit/s): what a probe waits behind. */
const SLOW_LINK_BYTES = 125
/** Of waiting behind bytes, beyond which it is the link that is not worth it. */
const MOST_BULK_MS = 4_000

/**
 * How long it may take to reach a hop of the last chain, from its new neighbour: it was there a moment ago, and where it is
 * gone with the one that was lost, nothing else tells so soon. WebRTC is signalled over a relay, which takes seconds.
 */
const REACH_MS = 1_500
const WEBRTC_REACH_MS = 4_000
/** Times round the chain that handshakes and negotiation take on machines that are late to answer. */
const REACH_WAYS = 10
const MOST_REACH_MS = 8_000

/** A run takes this many times what it should before the GPU counts as hung: batches and other programs slow it. */
const HUNG_FACTOR = 8
const LEAST_HUNG_MS = 2_000
/** Before the hop has run the like: drivers compile pipelines on first use, which takes software adapters seconds. */
const UNMEASURED_HUNG_MS = 15_000

/** From the last progress until the chain is probed. `tokens`: of the oldest step in flight; 0 while the chain opens. */
export function stepDeadlineMs({ hops }: Route, tokens: number, pace: Pace): number {
  if (tokens === 0) return LEAST_STEP_MS
  const expected = hops.reduce((sum, hop) => sum + pace.run(hop, tokens).ms, pace.wayMs ?? 0)
  return Math.min(MOST_STEP_MS, Math.max(LEAST_STEP_MS, STEP_FACTOR * expected))
}

/** From the last hop's reply until the one after it counts as lost. `bytes`: of activations in flight on each link. */
export function silenceMs(pace: Pace, bytes: number, hinted: boolean): number {
  const { wayMs, patience } = pace
  const least = hinted ? HINTED_SILENT_MS : wayMs === undefined ? UNMEASURED_SILENT_MS : SILENT_MS
  // There and back is at most twice once round.
  const limit = Math.max(least, 2 * (wayMs ?? 0)) + Math.min(MOST_BULK_MS, bytes / SLOW_LINK_BYTES)
  return Math.min(MOST_SILENT_MS, limit * patience)
}

/** From the dial to a hop of the last chain, in whose place there is another, until it counts as lost. */
export function reachMs({ addresses }: RouteHop, { wayMs = 0, dialPatience }: Pace): number {
  const dialable = addresses.some(address => !address.includes('/p2p-circuit'))
  const least = dialable ? REACH_MS : WEBRTC_REACH_MS
  return Math.max(least, Math.min(MOST_REACH_MS, REACH_WAYS * wayMs)) * dialPatience
}

/** How long a run of `tokens` may take at a hop that answers. */
export function hungMs(hop: RouteHop, tokens: number, pace: Pace): number {
  const { ms, measured } = pace.run(hop, tokens)
  return Math.max(measured ? LEAST_HUNG_MS : UNMEASURED_HUNG_MS, HUNG_FACTOR * ms)
}
