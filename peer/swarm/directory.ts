/**
 * The table a directory node keeps: one live announcement a peer, leased on the node's own clock, bounded in entries and
 * bytes. Signed bytes are kept beside what they say, since readers verify them again.
 */
import { BusyError, UnknownSessionError } from '../errors.ts'
import type { Announcement, Directory, DirectoryEntry, SpanOffer } from './types.ts'

/** Peers of one directory node; it holds no more connections. */
export const MAX_ENTRIES = 10_000

/** Signed bytes of all entries together. */
export const MAX_TOTAL_BYTES = 64 * 1024 * 1024

/** Layers that are sampled together: small enough that a span of a few layers is always among the candidates of its own. */
const REGION_LAYERS = 4

export interface StoredEntry {
  announcement: Announcement
  signed: Uint8Array
  /** When it was last announced or renewed, on the table's clock. */
  heardAt: number
}

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
   * Enters a verified announcement; an older one than the table has only renews the lease.
   * @throws BusyError when the table is full
   */
  put(announcement: Announcement, signed: Uint8Array, now: number): void {
    this.expire(now)
    const kept = this.#entries.get(announcement.peer)
    if (kept !== undefined && kept.announcement.sequence >= announcement.sequence) {
      this.renew(announcement.peer, now)
      return
    }
    const entries = this.#entries.size + (kept === undefined ? 1 : 0)
    const bytes = this.#bytes + signed.byteLength - (kept?.signed.byteLength ?? 0)
    if (entries > this.#maxEntries || bytes > this.#maxTotalBytes)
      throw new BusyError(`The directory is full (${this.#entries.size} peers, ${this.#bytes} bytes)`, {
        retryAfterMs: this.leaseMs
      })
    this.#entries.delete(announcement.peer)
    this.#entries.set(announcement.peer, { announcement, signed: new Uint8Array(signed), heardAt: now })
    this.#bytes = bytes
  }

  /** @throws UnknownSessionError when the lease ran out: announce again */
  renew(peer: string, now: number): void {
    this.expire(now)
    const kept = this.#entries.get(peer)
    if (kept === undefined) throw new UnknownSessionError(`No announcement of ${peer} to renew`)
    this.#entries.delete(peer)
    this.#entries.set(peer, { ...kept, heardAt: now })
  }

  withdraw(peer: string): void {
    this.#bytes -= this.#entries.get(peer)?.signed.byteLength ?? 0
    this.#entries.delete(peer)
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
    return [...this.#entries.values()]
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
