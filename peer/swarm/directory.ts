/**
 * The table a directory node keeps: one live announcement a peer, leased on the node's own clock, bounded in entries and
 * bytes. Peers that hang on the node renew their lease themselves; for others its like vouch. Signed bytes are kept beside
 * what they say, since readers verify them again.
 */
import { BusyError, UnknownSessionError } from '../errors.ts'
import { judge, MAX_VOUCHED_MS, type Past } from './gossip.ts'
import type { Announcement, Directory, DirectoryEntry, SpanOffer } from './types.ts'

/** Peers of one directory node; it holds no more connections. */
export const MAX_ENTRIES = 10_000

/** Signed bytes of all entries together. */
export const MAX_TOTAL_BYTES = 64 * 1024 * 1024

/** Layers that are sampled together: small enough that a span of a few layers is always among the candidates of its own. */
const REGION_LAYERS = 4

/** Part of the table that may be filled by way of others: a node's own peers always find room. */
export const VOUCHED_SHARE = 0.75

export interface StoredEntry {
  announcement: Announcement
  signed: Uint8Array
  /** When it was last announced, renewed or vouched for, on the table's clock. */
  heardAt: number
  /** Hangs on this node: it renews itself. */
  direct: boolean
  /** When another directory node last vouched for it. */
  vouchedAt: number
}

/** What became of an announcement that came by way of others. */
export type Hearing = 'entered' | 'withdrawn' | 'known' | 'late' | 'stale' | 'full'

export interface DirectoryTableOptions {
  leaseMs: number
  maxEntries?: number
  maxTotalBytes?: number
}

export class DirectoryTable {
  readonly leaseMs: number
  readonly #maxEntries: number
  readonly #maxTotalBytes: number
  /** In the order they were last heard of, so that expired ones are in front. */
  readonly #entries = new Map<string, StoredEntry>()
  /** Outlives the entries, so that what was withdrawn or has run out does not come back. */
  readonly #past = new Map<string, Past>()
  #bytes = 0

  constructor({ leaseMs, maxEntries = MAX_ENTRIES, maxTotalBytes = MAX_TOTAL_BYTES }: DirectoryTableOptions) {
    this.leaseMs = leaseMs
    this.#maxEntries = maxEntries
    this.#maxTotalBytes = maxTotalBytes
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Enters a verified announcement of a peer that hangs on this node; an older one than the table has only renews the lease.
   * @throws BusyError when the table is full
   */
  put(announcement: Announcement, signed: Uint8Array, now: number): void {
    this.expire(now)
    const kept = this.#entries.get(announcement.peer)
    if (kept !== undefined && kept.announcement.sequence >= announcement.sequence) {
      this.renew(announcement.peer, now)
      return
    }
    if (!this.#fits(announcement.peer, signed, 1))
      throw new BusyError(`The directory is full (${this.#entries.size} peers, ${this.#bytes} bytes)`, {
        retryAfterMs: this.leaseMs
      })
    this.#enter({ announcement, signed, heardAt: now, direct: true, vouchedAt: Number.NEGATIVE_INFINITY })
  }

  /** @throws UnknownSessionError when the lease ran out: announce again */
  renew(peer: string, now: number): void {
    this.expire(now)
    const kept = this.#entries.get(peer)
    if (kept === undefined) throw new UnknownSessionError(`No announcement of ${peer} to renew`)
    this.#touch(peer, { ...kept, heardAt: now, direct: true })
  }

  /** Enters a verified announcement that came by way of others, or takes one back that is withdrawn by it. */
  hear(announcement: Announcement, signed: Uint8Array, now: number): Hearing {
    this.expire(now)
    const { peer, sequence } = announcement
    const past = this.#past.get(peer)
    const verdict = judge(announcement, past, now)
    if (verdict === 'late' || verdict === 'stale') return verdict
    if (verdict === 'withdraw') {
      this.withdraw(peer, { sequence, now })
      return 'withdrawn'
    }
    const kept = this.#entries.get(peer)
    if (verdict === 'known' && (past?.withdrawn || kept !== undefined)) return 'known'
    if (!this.#fits(peer, signed, VOUCHED_SHARE)) return 'full'
    this.#enter({ announcement, signed, heardAt: now, direct: kept?.direct ?? false, vouchedAt: now })
    return 'entered'
  }

  /** Another directory node says that the peer of this announcement is there. Returns whether that is news worth having. */
  vouch(peer: string, sequence: number, now: number): boolean {
    this.expire(now)
    const kept = this.#entries.get(peer)
    const past = this.#past.get(peer)
    if (kept === undefined || past === undefined || past.sequence !== sequence) return false
    if (now - past.firstHeardAt >= MAX_VOUCHED_MS) return false
    this.#touch(peer, { ...kept, heardAt: now, vouchedAt: now })
    return true
  }

  /** The peer hangs on this node no longer: it stays as long as others vouch for it. */
  leave(peer: string, now: number): void {
    const kept = this.#entries.get(peer)
    if (kept === undefined) return
    if (now - kept.vouchedAt < this.leaseMs) this.#touch(peer, { ...kept, direct: false, heardAt: kept.vouchedAt })
    else this.withdraw(peer)
  }

  /** Forgets the peer; with the sequence of its withdrawal, nothing older of it is believed from then on. */
  withdraw(peer: string, farewell?: { sequence: number; now: number }): void {
    this.#bytes -= this.#entries.get(peer)?.signed.byteLength ?? 0
    this.#entries.delete(peer)
    if (farewell !== undefined) this.#remember(peer, { sequence: farewell.sequence, firstHeardAt: farewell.now, withdrawn: true })
  }

  get(peer: string, now: number): StoredEntry | undefined {
    this.expire(now)
    return this.#entries.get(peer)
  }

  /** Of the newest announcement or withdrawal that the table knows of the peer. */
  sequenceOf(peer: string): number | undefined {
    return this.#past.get(peer)?.sequence
  }

  /** Of peers that hang on this node. */
  direct(now: number): readonly StoredEntry[] {
    return this.live(now).filter(({ direct }) => direct)
  }

  /** Forgets everybody whose lease is over. */
  expire(now: number): void {
    for (const [peer, { heardAt }] of this.#entries) {
      if (now - heardAt < this.leaseMs) break
      this.withdraw(peer)
    }
  }

  live(now: number): readonly StoredEntry[] {
    this.expire(now)
    // A peer that left keeps its place behind others heard of later, so the first live one does not end the search.
    return [...this.#entries.values()].filter(({ heardAt }) => now - heardAt < this.leaseMs)
  }

  /** Up to `perRegion` random candidates for each region of the model's layers; an empty model samples all peers as one region. */
  sample(model: string, perRegion: number, now: number, random: () => number): StoredEntry[] {
    const live = this.live(now)
    if (model === '') return choose(live, perRegion, random)
    const chosen = new Set<StoredEntry>()
    const regions = new Map<number, StoredEntry[]>()
    for (const entry of live)
      for (const offer of entry.announcement.offers)
        if (offer.model === model) for (const region of regionsOf(offer)) append(regions, region, entry)
    for (const candidates of regions.values()) for (const entry of choose(candidates, perRegion, random)) chosen.add(entry)
    return [...chosen]
  }

  #fits(peer: string, signed: Uint8Array, share: number): boolean {
    const kept = this.#entries.get(peer)
    const entries = this.#entries.size + (kept === undefined ? 1 : 0)
    const bytes = this.#bytes + signed.byteLength - (kept?.signed.byteLength ?? 0)
    return entries <= this.#maxEntries * share && bytes <= this.#maxTotalBytes * share
  }

  #enter(entry: StoredEntry): void {
    const { peer, sequence } = entry.announcement
    this.#bytes += entry.signed.byteLength - (this.#entries.get(peer)?.signed.byteLength ?? 0)
    this.#touch(peer, { ...entry, signed: new Uint8Array(entry.signed) })
    const past = this.#past.get(peer)
    const firstHeardAt = past?.sequence === sequence ? past.firstHeardAt : entry.heardAt
    this.#remember(peer, { sequence, firstHeardAt, withdrawn: false })
  }

  /** Puts the entry behind all others. */
  #touch(peer: string, entry: StoredEntry): void {
    this.#entries.delete(peer)
    this.#entries.set(peer, entry)
  }

  #remember(peer: string, past: Past): void {
    this.#past.delete(peer)
    this.#past.set(peer, past)
    const oldest = this.#past.keys().next().value
    if (this.#past.size > 2 * this.#maxEntries && oldest !== undefined) this.#past.delete(oldest)
  }
}

function regionsOf({ span }: SpanOffer): number[] {
  const first = Math.floor(span.first / REGION_LAYERS)
  const last = Math.floor((span.end - 1) / REGION_LAYERS)
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

function append(regions: Map<number, StoredEntry[]>, region: number, entry: StoredEntry): void {
  const candidates = regions.get(region)
  if (candidates === undefined) regions.set(region, [entry])
  else if (candidates.at(-1) !== entry) candidates.push(entry)
}

/** `count` of them without repetition, each set as likely as any other. */
function choose<T>(from: readonly T[], count: number, random: () => number): T[] {
  const pool = [...from]
  const wanted = Math.min(count, pool.length)
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(random() * (pool.length - i))
    const swapped = pool[i] as T
    pool[i] = pool[j] as T
    pool[j] = swapped
  }
  return pool.slice(0, wanted)
}

/** One directory of what several nodes answered: a peer's newest announcement, heard of as recently as anybody says. */
export function mergeDirectories(directories: readonly Directory[]): Directory {
  const merged = new Map<string, DirectoryEntry>()
  for (const { entries } of directories)
    for (const entry of entries) {
      const { peer, sequence } = entry.announcement
      const kept = merged.get(peer)
      if (
        kept === undefined ||
        sequence > kept.announcement.sequence ||
        (sequence === kept.announcement.sequence && entry.ageMs < kept.ageMs)
      )
        merged.set(peer, entry)
    }
  return { entries: [...merged.values()] }
}
