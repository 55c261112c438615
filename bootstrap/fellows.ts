/**
 * What this directory node knows of its like: where peers may dial them and which models they publish, as each said of
 * itself, bounded and leased. A model is trusted no further than its digest: whoever fetches its manifest checks it.
 */
import { parseAddresses } from '../peer/wire/addresses.ts'
import { MAX_MODELS } from '../peer/wire/check-frames.ts'
import type { DirectoryNode, ModelEntry } from '../peer/wire/frames.pb.js'
import { toHex } from '../peer/wire/hex.ts'

/** A directory node tells of itself three times within it. */
export const FELLOW_LEASE_MS = 90_000

/** Directory nodes remembered: those of a large swarm; each message is at most 64 KiB. */
export const MAX_FELLOWS = 64

/** Fellow directory nodes that a joining peer is told of; it hangs on two or three. */
const MAX_TOLD_FELLOWS = 4

interface Fellow {
  addresses: string[]
  models: ModelEntry[]
  heardAt: number
}

export class Fellows {
  readonly #fellows = new Map<string, Fellow>()

  /** Takes what the directory node `peer` signed. Returns whether there was room for it. */
  hear(peer: string, { addresses, models }: DirectoryNode, now: number): boolean {
    this.#expire(now)
    if (!this.#fellows.has(peer) && this.#fellows.size >= MAX_FELLOWS) return false
    this.#fellows.set(peer, {
      // Its own addresses only, and none that hangs on a third.
      addresses: parseAddresses(addresses, peer)
        .map(String)
        .filter(address => !address.includes('/p2p-circuit')),
      models: models.filter(isServed),
      heardAt: now
    })
    return true
  }

  /** Models that fellows publish beside those of the digests `own`, one entry a digest; who was heard of first counts. */
  models(own: ReadonlySet<string>, now: number): ModelEntry[] {
    this.#expire(now)
    const known = new Map<string, ModelEntry>()
    for (const { models } of this.#fellows.values())
      for (const entry of models) {
        const digest = toHex(entry.model)
        if (own.size + known.size < MAX_MODELS && !own.has(digest) && !known.has(digest)) known.set(digest, entry)
      }
    return [...known.values()]
  }

  /** Addresses of those in `connected`, in its order. */
  addresses(connected: readonly string[], now: number): string[] {
    this.#expire(now)
    return connected
      .map(peer => this.#fellows.get(peer)?.addresses ?? [])
      .filter(addresses => addresses.length > 0)
      .slice(0, MAX_TOLD_FELLOWS)
      .flat()
  }

  #expire(now: number): void {
    for (const [peer, { heardAt }] of this.#fellows) if (now - heardAt >= FELLOW_LEASE_MS) this.#fellows.delete(peer)
  }
}

/** Peers fetch over HTTP and from nowhere else. */
function isServed({ manifests, sources }: ModelEntry): boolean {
  return manifests.length > 0 && [...manifests, ...sources].every(isHttpUrl)
}

function isHttpUrl(text: string): boolean {
  const protocol = URL.parse(text)?.protocol
  return protocol === 'http:' || protocol === 'https:'
}
