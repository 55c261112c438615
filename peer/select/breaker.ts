/**
 * Keeps requests off an arm that fails: after a few failures in a row for a while, then one request tries it, and only when
 * that is answered do the others follow. A value, with time and chance from the caller.
 */

export interface Breaker {
  /** In a row. */
  failures: number
  /** In a row, each twice as long as the one before. */
  trips: number
  openUntil: number
  /** The arm itself asked to be left alone until then: Retry-After. */
  heldUntil: number
  /** The one request that tries an arm after a trip is under way. */
  probing: boolean
}

export const CLOSED: Breaker = { failures: 0, trips: 0, openUntil: 0, heldUntil: 0, probing: false }

/** One failure is chance, and a burst in flight together fails together. */
const FAILURES_TO_OPEN = 3
const FIRST_OPEN_MS = 1_000
/** An arm that is back is found again within two minutes. */
const LONGEST_OPEN_MS = 120_000
/** Whoever asks for more is asked again after this: a header is an outside input. */
const LONGEST_HOLD_MS = 600_000

/** Until when requests are kept off, in milliseconds of the caller's clock; 0 when they are not, infinite while a probe is under way. */
export function pausedUntil({ openUntil, heldUntil, trips, probing }: Breaker, now: number): number {
  const until = Math.max(openUntil, heldUntil)
  if (until > now) return until
  return trips > 0 && probing ? Number.POSITIVE_INFINITY : 0
}

export function afterStart(breaker: Breaker): Breaker {
  return breaker.trips > 0 ? { ...breaker, probing: true } : breaker
}

export function afterAnswer(): Breaker {
  return CLOSED
}

/** Neither an answer nor a failure: the client left, or the request itself was wrong. */
export function afterNothing(breaker: Breaker): Breaker {
  return { ...breaker, probing: false }
}

/** @param chance 0 to 1: so that those who were refused together do not come back together */
export function afterFailure(breaker: Breaker, now: number, chance: number): Breaker {
  const failures = breaker.failures + 1
  if (breaker.trips === 0 && failures < FAILURES_TO_OPEN) return { ...breaker, failures }
  const openMs = Math.min(FIRST_OPEN_MS * 2 ** breaker.trips, LONGEST_OPEN_MS)
  return { ...breaker, failures, trips: breaker.trips + 1, openUntil: now + jittered(openMs, chance), probing: false }
}

/** The arm said after how long it may be asked again. */
export function afterHold(breaker: Breaker, now: number, ms: number): Breaker {
  return { ...breaker, heldUntil: now + Math.min(Math.max(0, ms), LONGEST_HOLD_MS), probing: false }
}

/** Half of the time to all of it. */
export function jittered(ms: number, chance: number): number {
  return ms * (0.5 + 0.5 * chance)
}
