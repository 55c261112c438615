/**
 * A cache of chunks by their SHA-256: what it is, the one that keeps nothing, and the bookkeeping of least recent use that
 * the disk's and the browser's share. A cache is a hint: whoever reads from it verifies, and its failures never fail a read.
 */
export interface ChunkCache {
  /** The bytes kept under the digest (64 hex digits); unverified. */
  get: (digest: string) => Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Whether they are kept now: not where there is no room. */
  put: (digest: string, bytes: Uint8Array<ArrayBuffer>) => Promise<boolean>
  /** Drops an entry that turned out corrupt. */
  delete: (digest: string) => Promise<void>
}

export interface ChunkCacheOptions {
  /** Bytes kept at most; the least recently used go first. Default DEFAULT_CACHE_BYTES. */
  maxBytes?: number
  /** Folder of the cache: a path on disk, a name in the browser's private file system. */
  path?: string
}

/** Room for a span of a few billion parameters, small beside a disk; browsers grant an origin more than this by default. */
export const DEFAULT_CACHE_BYTES = 8 * 1024 ** 3

export const DIGEST_PATTERN = /^[0-9a-f]{64}$/

export const noCache: ChunkCache = {
  get: async () => undefined,
  put: async () => false,
  delete: async () => {}
}

/** Which chunks are kept, least recently used first, and how many bytes they are. */
export class RecencyIndex {
  private readonly sizes = new Map<string, number>()
  private readonly maxBytes: number
  private total = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get bytes(): number {
    return this.total
  }

  /** Marks as used just now; false when it is not kept. */
  touch(digest: string): boolean {
    const size = this.sizes.get(digest)
    if (size === undefined) return false
    this.sizes.delete(digest)
    this.sizes.set(digest, size)
    return true
  }

  /** Adds as used just now; answers the digests that must go for it. One larger than the whole cache goes at once. */
  add(digest: string, bytes: number): string[] {
    this.remove(digest)
    this.sizes.set(digest, bytes)
    this.total += bytes
    const evicted: string[] = []
    for (const oldest of this.sizes.keys()) {
      if (this.total <= this.maxBytes) break
      this.remove(oldest)
      evicted.push(oldest)
    }
    return evicted
  }

  remove(digest: string): void {
    this.total -= this.sizes.get(digest) ?? 0
    this.sizes.delete(digest)
  }
}
