/** How a peer is reached: over the connection that stands, directly where it can be, over a relay where it can't. */
import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { PeerLostError } from '../errors.ts'
import { isRelayed, parseAddresses } from './addresses.ts'
import { boundedSignal } from './bounded-signal.ts'
import type { WireLogger } from './log.ts'

/** Before WebRTC and the other direct ways together give up in favour of the relay. */
const DIRECT_DIAL_MS = 10_000

/** A WebRTC handshake on a busy machine hangs now and then, seen at the closing of its first data channel, where the next takes 200 ms. */
const DIRECT_TRIES = 2

/** After the direct ways failed, channels go over the relay for this long without trying them again. */
const DIRECT_RETRY_MS = 60_000

/** Peers remembered as reachable over the relay only. */
const MAX_RELAY_ONLY_PEERS = 1_024

/** A live connection to the peer, the direct one if there are two. @throws PeerLostError, what dialling met, the signal's reason */
export type Connect = (peer: string, addresses: readonly string[], limit: AbortSignal) => Promise<Connection>

/** Remembers for a while which peers only a relay reaches. */
export function connectionsOf(node: Libp2p, logger: WireLogger): Connect {
  const relayOnlyUntil = new Map<string, number>()

  const openConnections = (peer: string) =>
    node.getConnections(peerIdFromString(peer)).filter(connection => connection.status === 'open')

  /** Undefined when no way works in time. @throws what dialling met once `limit` aborted */
  const connectDirectly = async (peer: string, ways: Multiaddr[], limit: AbortSignal): Promise<Connection | undefined> => {
    const { signal, release } = boundedSignal([limit], DIRECT_DIAL_MS)
    try {
      for (let tries = 1; tries <= DIRECT_TRIES && !signal.aborted; tries++) {
        try {
          // Without `force` libp2p may answer with the relayed connection that is open.
          const connection = await node.dial(ways, { signal, force: openConnections(peer).length > 0 })
          relayOnlyUntil.delete(peer)
          return connection
        } catch (error) {
          if (limit.aborted) throw error
          logger.debug({ peer, tries, error: String(error) }, 'no direct connection')
        }
      }
      return undefined
    } finally {
      release()
    }
  }

  return async (peer: string, addresses: readonly string[], limit: AbortSignal): Promise<Connection> => {
    const open = openConnections(peer)
    const standing = open.find(connection => !isRelayed(connection.remoteAddr.toString()))
    if (standing !== undefined) return standing
    const ways = parseAddresses(addresses, peer)
    const directWays = ways.filter(address => !isRelayed(address.toString()))
    if (directWays.length > 0 && (relayOnlyUntil.get(peer) ?? 0) < Date.now()) {
      const direct = await connectDirectly(peer, directWays, limit)
      if (direct !== undefined) return direct
      relayOnlyUntil.set(peer, Date.now() + DIRECT_RETRY_MS)
      const oldest = relayOnlyUntil.keys().next().value
      if (relayOnlyUntil.size > MAX_RELAY_ONLY_PEERS && oldest !== undefined) relayOnlyUntil.delete(oldest)
    }
    const [stillOpen] = openConnections(peer).sort(
      (a, b) => Number(isRelayed(a.remoteAddr.toString())) - Number(isRelayed(b.remoteAddr.toString()))
    )
    if (stillOpen !== undefined) return stillOpen
    const relayedWays = ways.filter(address => isRelayed(address.toString()))
    if (relayedWays.length === 0) throw new PeerLostError(`No way to ${peer} works`, { peer })
    return node.dial(relayedWays, { signal: limit })
  }
}
