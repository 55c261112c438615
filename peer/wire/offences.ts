/**
 * Who broke a protocol lately, and who is refused for it: a score that fades, a refusal that doubles. A function of what
 * it is told and when, so that tests run its hours in no time.
 */
import { MAX_OFFENDERS, REFUSAL_MS, STREAM_BURST, STREAMS_PER_SECOND } from './limits.ts'

/**
 * Bytes that no honest peer sends; a frame that never comes, as also a dying line has it; more streams than the pace
 * allows.
 */
export type Offence = 'malformed' | 'slow' | 'surplus'

/** Two malformed frames within a minute refuse a peer: one may be a version of Shoal that speaks otherwise. */
const WEIGHTS: Record<Offence, number> = { malformed: 6, slow: 2, surplus: 1 }
const REFUSED_AT = 10
const FADES_PER_SECOND = 1 / 30

/** A peer that behaved this long since its last refusal begins anew. */
const FORGIVEN_MS = 60 * 60_000
const LONGEST_REFUSAL_MS = 60 * 60_000

interface Conduct {
  score: number
  countedAt: number
  streams: number
  refusals: number
  refusedUntil: number
}

export class Offences {
  readonly #records = new Map<string, Conduct>()

  /** How many peers it remembers. */
  get size(): number {
    return this.#records.size
  }

  /** Counts a fault. True when the peer is refused from now on. */
  charge(peer: string, offence: Offence, now: number): boolean {
    const record = this.#recall(peer, now)
    record.score += WEIGHTS[offence]
    if (record.score < REFUSED_AT || record.refusedUntil > now) return false
    if (now - record.refusedUntil > FORGIVEN_MS) record.refusals = 0
    record.refusedUntil = now + Math.min(LONGEST_REFUSAL_MS, REFUSAL_MS * 2 ** record.refusals)
    record.refusals++
    record.score = 0
    return true
  }

  isRefused(peer: string, now: number): boolean {
    return (this.#records.get(peer)?.refusedUntil ?? 0) > now
  }

  /** Whether the peer may open another stream now. */
  admitStream(peer: string, now: number): boolean {
    const record = this.#recall(peer, now)
    if (record.streams < 1) return false
    record.streams--
    return true
  }

  /** Peers refused now. */
  refused(now: number): number {
    let count = 0
    for (const { refusedUntil } of this.#records.values()) if (refusedUntil > now) count++
    return count
  }

  /** The record as of now, moved to the end: who was seen longest ago is forgotten first. */
  #recall(peer: string, now: number): Conduct {
    const record = this.#records.get(peer) ?? {
      score: 0,
      countedAt: now,
      streams: STREAM_BURST,
      refusals: 0,
      refusedUntil: 0
    }
    const seconds = Math.max(0, now - record.countedAt) / 1_000
    record.score = Math.max(0, record.score - seconds * FADES_PER_SECOND)
    record.streams = Math.min(STREAM_BURST, record.streams + seconds * STREAMS_PER_SECOND)
    record.countedAt = now
    this.#records.delete(peer)
    this.#records.set(peer, record)
    const oldest = this.#records.keys().next().value
    if (this.#records.size > MAX_OFFENDERS && oldest !== undefined) this.#records.delete(oldest)
    return record
  }
}
