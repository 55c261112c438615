/**
 * Pings connections, so that a peer that vanished without a word is seen, and measures their round trips. libp2p's own
 * monitor has one interval for all: at 1 s thirty idle peers keep a third of a core busy, at its 10 s a dead tab is
 * seen after 7–11 s over WebRTC.
 */
import type { Connection, Libp2p } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import { boundedSignal } from './bounded-signal.ts'

/** https://github.com/libp2p/specs/blob/master/ping/ping.md */
const PING_PROTOCOL = '/ipfs/ping/1.0.0'
const PING_BYTES = 32

/**
 * Of connections between peers, which last no longer than a chain needs them. This is for those that carry nothing just
 * now: a driver probes its chain, names a dead or frozen hop in 1–2.5 s, and risks only the one session when it is wrong.
 */
const PEER_INTERVAL_MS = 1_000

/** Of connections to directory nodes, which last; there sockets tell of an end, and leases of a leaf that is frozen. */
const DIRECTORY_INTERVAL_MS = 10_000

/**
 * A ping unanswered this long means the peer is gone (over TCP and WebSockets its socket tells at once). Not shorter: one
 * late answer aborts the connection with the streams of every session on it, and a machine that compiles pipelines on all
 * cores answers late.
 */
const PING_TIMEOUT_MS = 4_000

/**
 * Until the returned function is called. `toDirectory` tells connections of which one side is a directory node; where a
 * session runs over one, it counts as any other.
 */
export function pingConnections(
  node: Libp2p,
  toDirectory: (connection: Connection) => boolean,
  carriesSession: (connection: Connection) => boolean
): () => void {
  const stopping = new AbortController()
  /** By connection: when the last ping began, Infinity while one is under way. */
  const pinged = new Map<string, number>()

  const ping = async (connection: Connection) => {
    pinged.set(connection.id, Number.POSITIVE_INFINITY)
    const startedAt = performance.now()
    try {
      connection.rtt = await roundTrip(connection, stopping.signal)
    } catch (thrown) {
      if (!stopping.signal.aborted) connection.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
    }
    if (pinged.has(connection.id)) pinged.set(connection.id, startedAt)
  }

  const timer = setInterval(() => {
    const now = performance.now()
    const connections = node.getConnections().filter(({ status }) => status === 'open')
    const present = new Set(connections.map(({ id }) => id))
    for (const id of pinged.keys()) if (!present.has(id)) pinged.delete(id)
    for (const connection of connections) {
      const rarely = toDirectory(connection) && !carriesSession(connection)
      // A second early rather than late: the timer is no more exact than that.
      const interval = rarely ? DIRECTORY_INTERVAL_MS - PEER_INTERVAL_MS / 2 : PEER_INTERVAL_MS / 2
      if (now - (pinged.get(connection.id) ?? Number.NEGATIVE_INFINITY) >= interval) void ping(connection)
    }
  }, PEER_INTERVAL_MS)
  return () => {
    clearInterval(timer)
    stopping.abort(new Error('the node stops'))
  }
}

/** Milliseconds. @throws what ended the connection, or that no answer came in time */
async function roundTrip(connection: Connection, stop: AbortSignal): Promise<number> {
  const { signal, release } = boundedSignal([stop], PING_TIMEOUT_MS)
  const openedAt = performance.now()
  let stream: Awaited<ReturnType<Connection['newStream']>> | undefined
  try {
    stream = await connection.newStream(PING_PROTOCOL, { signal, runOnLimitedConnection: true })
    const bytes = byteStream(stream)
    const sentAt = performance.now()
    await Promise.all([
      bytes.write(crypto.getRandomValues(new Uint8Array(PING_BYTES)), { signal }),
      bytes.read({ bytes: PING_BYTES, signal })
    ])
    const ms = performance.now() - sentAt
    await stream.close({ signal })
    return ms
  } catch (thrown) {
    stream?.abort(thrown instanceof Error ? thrown : new Error(String(thrown)))
    // Whoever refuses the protocol is alive; refusing took two round trips.
    if (thrown instanceof Error && thrown.name === 'UnsupportedProtocolError') return (performance.now() - openedAt) / 2
    throw thrown
  } finally {
    release()
  }
}
