/**
 * Forgets peers that are gone. libp2p's peer store keeps whomever it met for six hours, about 25 KB each (the slab its few
 * bytes were written into); a directory node meets everybody. Addresses to dial come with each call here, so nothing is lost.
 */
import type { Libp2p } from '@libp2p/interface'

/** A minute's newcomers weigh little, and looking at all of them takes a while. */
const SWEEP_MS = 60_000

/** Sweeps until the returned function is called. `kept` are the directory nodes. */
export function forgetGonePeers(node: Libp2p, kept: ReadonlySet<string>): () => void {
  const timer = setInterval(() => {
    // Only a store that is closing fails.
    sweepPeers(node, kept).catch(() => {})
  }, SWEEP_MS)
  return () => clearInterval(timer)
}

/** Forgets everybody without a connection. */
export async function sweepPeers(node: Libp2p, kept: ReadonlySet<string>): Promise<void> {
  for (const { id } of await node.peerStore.all()) {
    if (id.equals(node.peerId) || kept.has(id.toString()) || node.getConnections(id).length > 0) continue
    await node.peerStore.delete(id)
  }
}
