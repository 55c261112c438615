/**
 * Keeps one directory node connected for as long as this peer lives: through it the peer is found, relayed and signalled.
 * libp2p's own reconnecting gives up after five tries; a bootstrap may be down for longer than that.
 */
import type { Libp2p, PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { WireLogger } from './log.ts'

/** First wait after a failure; doubles to the longest. Jitter keeps a swarm from returning all at once. */
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000

/** A connection that ends sooner was refused: a node that is full ends them as soon as it has taken them. */
const LASTING_MS = 5_000

/** One attempt over all of the node's addresses. */
const ATTEMPT_MS = 10_000

/** The n-th wait (from 0): between half and all of the doubled time. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + random() / 2)
}

/** Runs until the signal aborts. `ways` tells the node's addresses before each attempt: they may have to be asked for. */
export async function keepConnected(
  node: Libp2p,
  ways: (signal: AbortSignal) => Promise<Multiaddr[]>,
  logger: WireLogger,
  signal: AbortSignal,
  random: () => number = Math.random
): Promise<void> {
  let attempt = 0
  while (!signal.aborted) {
    let addresses: Multiaddr[] = []
    try {
      addresses = await ways(signal)
      const connection = await node.dial(addresses, { signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]) })
      const peer = connection.remotePeer
      const connectedAt = performance.now()
      logger.info({ directoryNode: peer.toString(), address: connection.remoteAddr.toString() }, 'directory node connected')
      await disconnected(node, peer, signal)
      if (performance.now() - connectedAt >= LASTING_MS) attempt = 0
      if (!signal.aborted) logger.warn({ directoryNode: peer.toString() }, 'directory node disconnected')
    } catch (error) {
      if (signal.aborted) return
      logger.warn({ addresses: addresses.map(String), error: String(error) }, 'directory node not reachable')
    }
    await wait(backoffMs(attempt++, random), signal)
  }
}

function disconnected(node: Libp2p, peer: PeerId, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const finish = () => {
      node.removeEventListener('peer:disconnect', onDisconnect)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const onDisconnect = (event: CustomEvent<PeerId>) => {
      if (event.detail.equals(peer)) finish()
    }
    node.addEventListener('peer:disconnect', onDisconnect)
    signal.addEventListener('abort', finish)
    if (signal.aborted || node.getConnections(peer).length === 0) finish()
  })
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const finish = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, milliseconds)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}
