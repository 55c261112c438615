/**
 * Closes connections that carry no channel: a peer keeps connections to its chain neighbours and directory nodes only, and
 * lets go of a relayed one once a direct one to the same peer has taken over. Only the side that dialled closes.
 */
import type { Connection, Libp2p } from '@libp2p/interface'
import { isRelayed } from './addresses.ts'

/** Long enough for the next question of a conversation to find the chain still connected. */
export const IDLE_MS = 120_000

/** A relayed connection beside a direct one: only channels opened before the direct one was there still use it. */
export const IDLE_RELAYED_MS = 10_000

const SWEEP_MS = 5_000

/** Shoal's own streams; pings and identify keep nothing open. */
const OWN_PROTOCOLS = '/shoal/'

/** Sweeps until the returned function is called. `kept` are the directory nodes. */
export function closeIdleConnections(node: Libp2p, kept: ReadonlySet<string>): () => void {
  const idleSince = new Map<string, number>()
  const sweep = () => {
    const now = Date.now()
    const connections = node.getConnections()
    const present = new Set(connections.map(connection => connection.id))
    for (const id of idleSince.keys()) if (!present.has(id)) idleSince.delete(id)
    for (const connection of connections) {
      if (connection.direction !== 'outbound' || kept.has(connection.remotePeer.toString())) continue
      if (connection.streams.some(stream => stream.protocol.startsWith(OWN_PROTOCOLS))) {
        idleSince.delete(connection.id)
        continue
      }
      const since = idleSince.get(connection.id) ?? now
      idleSince.set(connection.id, since)
      if (now - since >= allowedIdleMs(connection, connections))
        connection.close().catch(error => connection.abort(error instanceof Error ? error : new Error(String(error))))
    }
  }
  const timer = setInterval(sweep, SWEEP_MS)
  return () => clearInterval(timer)
}

function allowedIdleMs(connection: Connection, all: readonly Connection[]): number {
  if (!isRelayed(connection.remoteAddr.toString())) return IDLE_MS
  const direct = all.some(
    other => other.remotePeer.equals(connection.remotePeer) && !isRelayed(other.remoteAddr.toString()) && other.status === 'open'
  )
  return direct ? IDLE_RELAYED_MS : IDLE_MS
}
