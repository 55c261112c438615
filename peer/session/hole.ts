/**
 * What a new request in a hole gets: an error at once, since whoever asked can go elsewhere, and waiting for layers that
 * nobody brings helps nobody. An answer that has begun waits as long as it may.
 */
import { NoRouteError } from '../errors.ts'
import type { Directory } from '../swarm/types.ts'

/**
 * A peer that loads may serve already: what it says reaches readers up to 1 s late, gossip takes a moment, and a busy machine
 * another. Below the 5 s in which a gateway's stream still gets a status of its own.
 */
const LATE_WORD_MS = 4_000
/** An idle peer has taken the layers by then, where weights are at hand. */
const RETRY_AFTER_MS = 10_000

/** How long a request that has no chain yet waits for one. */
export function patienceMs(found: Directory | undefined, model: string): number {
  const loads = found?.entries.some(({ announcement }) =>
    announcement.offers.some(offer => offer.model === model && offer.state === 'loading')
  )
  return loads ? LATE_WORD_MS : 0
}

/** The error as a caller gets it, who can do something else meanwhile. */
export function comeBackLater(error: NoRouteError): NoRouteError {
  return new NoRouteError(error.message, { ...error.details, retryAfterMs: RETRY_AFTER_MS }, { cause: error })
}
