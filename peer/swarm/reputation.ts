/**
 * What this driver has seen of other peers: failures ban for a while, twice as long each time, and are forgiven with time;
 * rates that were not kept are discounted. Time comes from the caller.
 */

const FIRST_BAN_MS = 15_000
/** 15 s × 2⁸, about an hour: longer, and a peer that was repaired never comes back. */
const MAX_DOUBLINGS = 8
/** After this long without a failure one strike is forgotten. */
const FORGIVE_MS = 10 * 60_000
/** Peers remembered; the one longest unheard of goes first. */
const MAX_PEERS = 4_096
/** Weight of the newest observation: follows a change within about five. */
const LEARNING_RATE = 0.3
/** A single stalled step must not make a peer look infinitely slow, nor a lucky one fast. */
const LEAST_RATIO = 0.02
const LARGEST_RATIO = 2
/** In which an observation loses half its weight: a peer that was slow is no longer asked, so only time can clear it. */
const HALF_LIFE_MS = 10 * 60_000

interface Record {
  strikes: number
  lastFailure: number
  /** When it was last found to be of no use for a while. */
  refusedAt: number
  bannedUntil: number
  /** Observed rate over announced rate, when it was observed last. */
  ratio: number
  observedAt: number
}

const unknown: Record = {
  strikes: 0,
  lastFailure: Number.NEGATIVE_INFINITY,
  refusedAt: Number.NEGATIVE_INFINITY,
  bannedUntil: Number.NEGATIVE_INFINITY,
  ratio: 1,
  observedAt: 0
}

export class Reputation {
  readonly #records = new Map<string, Record>()

  /** A step, open or connection failed and this peer is to blame. Returns until when it is banned. */
  failed(peer: string, now: number): number {
    const record = this.#records.get(peer) ?? unknown
    const forgiven = Math.floor((now - record.lastFailure) / FORGIVE_MS)
    const strikes = Math.max(0, record.strikes - (Number.isFinite(forgiven) ? forgiven : record.strikes)) + 1
    const bannedUntil = now + FIRST_BAN_MS * 2 ** Math.min(strikes - 1, MAX_DOUBLINGS)
    this.#keep(peer, { ...record, strikes, lastFailure: now, refusedAt: now, bannedUntil })
    return bannedUntil
  }

  /** It has no room, or leaves: no fault of its own, but for `ms` others are better. */
  avoid(peer: string, ms: number, now: number): void {
    const record = this.#records.get(peer) ?? unknown
    this.#keep(peer, { ...record, refusedAt: now, bannedUntil: Math.max(record.bannedUntil, now + ms) })
  }

  isBanned(peer: string, now: number): boolean {
    return now < (this.#records.get(peer) ?? unknown).bannedUntil
  }

  /**
   * 0 for a peer that is not banned, 2 just after a failure and towards 1 with time: where all that hold a layer are banned,
   * the one that failed longest ago has had most time to come back.
   */
  distrust(peer: string, now: number): number {
    if (!this.isBanned(peer, now)) return 0
    return 1 + 2 ** (-Math.max(0, now - this.#records.get(peer)!.refusedAt) / FIRST_BAN_MS)
  }

  /** A step took `observedMs` on the peer where its announcement promised `announcedMs`. */
  observed(peer: string, announcedMs: number, observedMs: number, now: number): void {
    if (!(announcedMs > 0 && observedMs > 0)) return
    const before = this.ratio(peer, now)
    const ratio = Math.min(LARGEST_RATIO, Math.max(LEAST_RATIO, announcedMs / observedMs))
    const record = this.#records.get(peer) ?? unknown
    this.#keep(peer, { ...record, ratio: before + LEARNING_RATE * (ratio - before), observedAt: now })
  }

  /** What to multiply the peer's announced rates by; 1 for one nobody has observed, or long ago. */
  ratio(peer: string, now: number): number {
    const { ratio, observedAt } = this.#records.get(peer) ?? unknown
    return 1 + (ratio - 1) * 2 ** (-Math.max(0, now - observedAt) / HALF_LIFE_MS)
  }

  #keep(peer: string, record: Record): void {
    this.#records.delete(peer)
    this.#records.set(peer, record)
    const oldest = this.#records.keys().next().value
    if (this.#records.size > MAX_PEERS && oldest !== undefined) this.#records.delete(oldest)
  }
}
