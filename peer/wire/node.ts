/**
 * The libp2p node of a peer, as the rest of Shoal sees it: `Links` to peers named by id, connected to its directory nodes
 * for as long as it lives, direct where ICE allows and over a relay where it does not.
 */
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, PeerId, PrivateKey, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type ServiceFactoryMap } from 'libp2p'
import { createTransports, holdWebRtc, relayServer } from '#wire/transports'
import { BusyError, DeadlineError, InternalError, type InviteError, PeerLostError, ShoalError } from '../errors.ts'
import { announcedAddresses, groupByPeer, isRelayed, peerOfAddress } from './addresses.ts'
import { type BoundedSignal, boundedSignal } from './bounded-signal.ts'
import { BulkGate } from './bulk-gate.ts'
import type { Channel, Links, Protocol } from './channel.ts'
import { systemClock } from './clock.ts'
import { pingConnections } from './connection-pings.ts'
import { connectionsOf } from './connections.ts'
import { keepConnected } from './directory-keeper.ts'
import { forgetGonePeers } from './forget-peers.ts'
import { closeIdleConnections } from './idle-connections.ts'
import { Libp2pChannel } from './libp2p-channel.ts'
import {
  ADDRESS_DIAL_MS,
  DIAL_MS,
  DIRECTORY_CONNECTIONS,
  INBOUND_PER_SECOND,
  LEAF_CONNECTIONS,
  MAX_CONNECTIONS_PER_PEER,
  MAX_DIRECTORY_NODES,
  MAX_EARLY_STREAMS,
  MAX_PARALLEL_DIALS,
  MAX_PENDING_INBOUND,
  MAX_QUEUED_DIALS,
  MAX_STREAMS_PER_PEER,
  STREAM_MS,
  type TlsCertificate
} from './limits.ts'
import { silent, type WireLogger } from './log.ts'
import { memberEncrypter } from './member-encrypter.ts'
import { type Membership, publicMembership } from './membership.ts'
import { type Offence, Offences } from './offences.ts'
import { answerProtocol, chainProtocol } from './protocols.ts'
import { untilReachable } from './reachable.ts'
import { standbyProtocol } from './standby-frames.ts'

/** Streams on which sessions depend. */
const SESSION_PROTOCOLS: ReadonlySet<string> = new Set([chainProtocol, answerProtocol, standbyProtocol].map(({ id }) => id))

/** Peers remembered for the network or invite that they are refused for. */
const MAX_REFUSALS = 256

/** Pings under way on one connection: a peer of another version may send them faster than they are answered. */
const MAX_PINGS = 16

export interface NodeOptions {
  privateKey: PrivateKey
  /** The swarm to belong to: only its members are talked to. Default: the public one. */
  membership?: Membership
  /** Multiaddrs to accept connections on; relayed and WebRTC ones are added. Default: none (a tab, a peer behind NAT). */
  listen?: string[]
  /** Addresses to announce instead of the listening ones, e.g. behind a proxy. */
  announce?: string[]
  /** Multiaddrs ending in /p2p/ID; several of one id are ways to the same node. At most three nodes are used. */
  directoryNodes: readonly string[]
  /** Default true. False keeps to sockets and the relay. */
  webrtc?: boolean
  /** Default none: STUN servers are third parties. */
  iceServers?: RTCIceServer[]
  /** Serve as a relay (directory nodes). Default false. */
  relay?: boolean
  /** For listening on /tls/ws. */
  tls?: TlsCertificate
  /** Whether decode goes before bulk on connections. Default true; false to measure what that brings. */
  overtaking?: boolean
  /** Further libp2p services: the gossip of directory nodes, which no other peer should have to load. */
  services?: ServiceFactoryMap
  logger?: WireLogger
  /** Ends the node. */
  signal?: AbortSignal
}

export interface ConnectionInfo {
  peer: string
  address: string
  relayed: boolean
  direction: 'inbound' | 'outbound'
  /** Last ping, milliseconds. */
  roundTripMs: number | undefined
}

export interface PeerNode extends Links {
  readonly node: Libp2p
  readonly membership: Membership
  readonly directoryPeers: readonly string[]
  connections: () => ConnectionInfo[]
  /** Calls back on every connection that opens or closes; the returned function stops it. */
  onConnectionsChanged: (listener: () => void) => () => void
  /**
   * Keeps a fellow directory node connected while this node lives, without asking for a place on its relay. `ways` tells
   * its multiaddrs ending in /p2p/ID, asked anew after each failure: an error of it is one.
   */
  keep: (ways: (signal: AbortSignal) => Promise<readonly string[]>) => void
  /**
   * Resolves once a directory node is connected and holds a relay reservation for this peer, so that others can find it.
   * @throws DeadlineError; InviteError when a directory node belongs to another swarm
   */
  ready: (limitMs?: number, signal?: AbortSignal) => Promise<void>
  stop: () => Promise<void>
}

export async function createNode(options: NodeOptions): Promise<PeerNode> {
  const logger = options.logger ?? silent
  const relay = options.relay ?? false
  if (relay && relayServer === undefined) throw new InternalError('A tab serves no relay')
  options.signal?.throwIfAborted()
  const webrtc = options.webrtc ?? true
  const membership = options.membership ?? publicMembership
  const refusals = new Map<string, InviteError>()
  const refused = (error: InviteError, peer: string, dialled: boolean) => {
    refusals.delete(peer)
    refusals.set(peer, error)
    const oldest = refusals.keys().next().value
    if (refusals.size > MAX_REFUSALS && oldest !== undefined) refusals.delete(oldest)
    // Whom this peer dials it chose; strangers that dial it must not fill its log.
    if (dialled) logger.warn({ peer }, `refused: ${error.message}`)
    else logger.debug({ peer }, `refused: ${error.message}`)
  }
  const directoryNodes = groupByPeer(options.directoryNodes).slice(0, MAX_DIRECTORY_NODES)
  // libp2p looks for a relay once for each bare /p2p-circuit, and again whenever that relay is lost.
  const relayed = directoryNodes.flatMap(() => ['/p2p-circuit'])
  const releaseWebRtc = webrtc ? holdWebRtc() : () => {}
  const offences = new Offences()
  const openOf = (peer: PeerId): number => node.getConnections(peer).length
  const node: Libp2p = await createLibp2p({
    privateKey: options.privateKey,
    addresses: {
      listen: [...(options.listen ?? []), ...relayed, ...(webrtc && relayed.length > 0 ? ['/webrtc'] : [])],
      ...(options.announce === undefined ? {} : { announce: options.announce })
    },
    transports: createTransports({ webrtc, iceServers: options.iceServers ?? [], ...(options.tls && { tls: options.tls }) }),
    connectionEncrypters: [memberEncrypter(membership, refused)],
    streamMuxers: [yamux({ maxEarlyStreams: MAX_EARLY_STREAMS })],
    connectionGater: {
      // Browsers refuse private addresses by default; an edge swarm lives on them.
      denyDialMultiaddr: () => false,
      denyInboundEncryptedConnection: peer => offences.isRefused(peer.toString(), systemClock.now()),
      denyInboundUpgradedConnection: peer => openOf(peer) >= MAX_CONNECTIONS_PER_PEER
    },
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: relay ? DIRECTORY_CONNECTIONS : LEAF_CONNECTIONS,
      maxParallelDials: MAX_PARALLEL_DIALS,
      maxDialQueueLength: MAX_QUEUED_DIALS,
      dialTimeout: DIAL_MS,
      addressDialTimeout: ADDRESS_DIAL_MS,
      inboundConnectionThreshold: INBOUND_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_INBOUND
    },
    services: {
      identify: identify(),
      ping: ping({ maxInboundStreams: MAX_PINGS, maxOutboundStreams: MAX_PINGS }),
      ...(relay && relayServer !== undefined ? { relay: relayServer } : {}),
      ...options.services
    }
  }).catch(error => {
    releaseWebRtc()
    throw error
  })
  const gateOf = gates(options.overtaking ?? true)
  return start(node, relay, membership, refusals, offences, directoryNodes, logger, gateOf, releaseWebRtc, options.signal)
}

function start(
  node: Libp2p,
  relay: boolean,
  membership: Membership,
  refusals: Map<string, InviteError>,
  offences: Offences,
  directoryNodes: Multiaddr[][],
  logger: WireLogger,
  gateOf: (connection: Connection) => BulkGate | undefined,
  releaseWebRtc: () => void,
  signal: AbortSignal | undefined
): PeerNode {
  const stopping = new AbortController()
  const directoryPeers = directoryNodes.map(addresses => peerOfAddress(addresses[0] as Multiaddr) as string)
  const keepers = directoryNodes.map(addresses => keepConnected(node, async () => addresses, logger, stopping.signal))
  const kept = new Set(directoryPeers)
  const stopIdle = closeIdleConnections(node, kept)
  const stopForgetting = forgetGonePeers(node, kept)
  const stopPinging = pingConnections(
    node,
    ({ remotePeer }) => relay || kept.has(remotePeer.toString()),
    ({ streams }) => streams.some(({ protocol }) => SESSION_PROTOCOLS.has(protocol))
  )
  node.addEventListener('connection:open', ({ detail }) => refusals.delete(detail.remotePeer.toString()))
  let stopped: Promise<void> | undefined

  const stop = () => {
    stopped ??= (async () => {
      signal?.removeEventListener('abort', onAbort)
      stopping.abort()
      stopIdle()
      stopForgetting()
      stopPinging()
      await Promise.all(keepers)
      try {
        await node.stop()
      } finally {
        releaseWebRtc()
      }
    })()
    return stopped
  }
  const onAbort = () => {
    stop().catch(error => logger.warn({ error: String(error) }, 'node did not stop cleanly'))
  }
  signal?.addEventListener('abort', onAbort)

  const charge = (peer: string, offence: Offence) => {
    if (!offences.charge(peer, offence, systemClock.now())) return
    logger.warn({ peer, offence }, 'refused for a while: it breaks the protocol')
    node.hangUp(peerIdFromString(peer)).catch(error => logger.debug({ peer, error: String(error) }, 'connection not closed'))
  }

  const connect = connectionsOf(node, logger)

  return {
    node,
    membership,
    directoryPeers,
    self: node.peerId.toString(),
    addresses: () => announcedAddresses(node.getMultiaddrs()),
    connections: () =>
      node.getConnections().map(connection => ({
        peer: connection.remotePeer.toString(),
        address: connection.remoteAddr.toString(),
        relayed: isRelayed(connection.remoteAddr.toString()),
        direction: connection.direction,
        roundTripMs: connection.rtt
      })),
    onConnectionsChanged: listener => {
      node.addEventListener('connection:open', listener)
      node.addEventListener('connection:close', listener)
      return () => {
        node.removeEventListener('connection:open', listener)
        node.removeEventListener('connection:close', listener)
      }
    },
    keep: ways => {
      let peer = ''
      const resolve = async (limit: AbortSignal) => {
        const [addresses] = groupByPeer(await ways(limit))
        if (addresses === undefined) throw new PeerLostError('No address of a directory node is known')
        // Another id than before: restarted with a new key.
        kept.delete(peer)
        peer = peerOfAddress(addresses[0] as Multiaddr) as string
        kept.add(peer)
        return addresses
      }
      keepers.push(keepConnected(node, resolve, logger, stopping.signal))
    },
    ready: (limitMs = DIAL_MS, waitSignal) => untilReachable(node, directoryPeers, refusals, limitMs, waitSignal),
    stop,
    offended: peer => charge(peer, 'malformed'),
    dial: async (peer, addresses, protocol, dialSignal) => {
      dialSignal?.throwIfAborted()
      const dialling = boundedSignal([stopping.signal, dialSignal], DIAL_MS)
      let opening: BoundedSignal | undefined
      try {
        const connection = await connect(peer, addresses, dialling.signal)
        // Directory nodes are not given up for being slow: there may be no other.
        opening = boundedSignal([dialling.signal], kept.has(peer) ? undefined : STREAM_MS)
        const stream = await connection.newStream(protocol.id, {
          signal: opening.signal,
          runOnLimitedConnection: true,
          maxOutboundStreams: MAX_STREAMS_PER_PEER
        })
        return new Libp2pChannel(stream, peer, protocol, {
          gate: gateOf(connection),
          onOffence: offence => charge(peer, offence)
        })
      } catch (error) {
        if (dialSignal?.aborted) throw dialSignal.reason
        const refusal = refusals.get(peer)
        if (refusal !== undefined) throw refusal
        if (error instanceof ShoalError) throw error
        if (opening?.expired()) throw new PeerLostError(`${peer} opened no stream in ${STREAM_MS} ms`, { peer }, { cause: error })
        if (dialling.expired()) throw new DeadlineError(`${peer} not reached in ${DIAL_MS} ms`, { peer }, { cause: error })
        throw new PeerLostError(`${peer} not reached: ${reasonOf(error)}`, { peer }, { cause: error })
      } finally {
        opening?.release()
        dialling.release()
      }
    },
    handle: <Frame>(protocol: Protocol<Frame>, handler: (channel: Channel<Frame>) => Promise<void>) => {
      const serve = (stream: Stream, connection: Connection) => {
        const peer = connection.remotePeer.toString()
        const open = connection.streams.filter(each => each.direction === 'inbound' && each.protocol === protocol.id)
        if (open.length > MAX_STREAMS_PER_PEER || !offences.admitStream(peer, systemClock.now())) {
          stream.abort(new BusyError('too many streams', { peer }))
          charge(peer, 'surplus')
          return
        }
        const channel = new Libp2pChannel(stream, peer, protocol, {
          inbound: true,
          gate: gateOf(connection),
          onOffence: offence => charge(peer, offence)
        })
        handler(channel).then(
          () => channel.close(),
          error => {
            logger.debug({ protocol: protocol.id, peer: channel.remotePeer, error: String(error) }, 'channel reset')
            channel.abort(error instanceof Error ? error : new Error(String(error)))
          }
        )
      }
      // Registers in this turn for all libp2p streams to come; the promise only stores that in the peer store.
      const registered = node.handle(protocol.id, serve, {
        runOnLimitedConnection: true,
        // What libp2p itself refuses nobody is charged for.
        maxInboundStreams: 2 * MAX_STREAMS_PER_PEER,
        maxOutboundStreams: MAX_STREAMS_PER_PEER
      })
      registered.catch(error => logger.warn({ protocol: protocol.id, error: String(error) }, 'protocol not registered'))
      return () => {
        registered.then(() => node.unhandle(protocol.id)).catch(() => {})
      }
    }
  }
}

/** Each connection's. */
function gates(overtaking: boolean): (connection: Connection) => BulkGate | undefined {
  const made = new WeakMap<Connection, BulkGate>()
  return connection => {
    if (!overtaking) return undefined
    const gate = made.get(connection) ?? new BulkGate()
    made.set(connection, gate)
    return gate
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
