/**
 * The rendezvous: the first directory node, which relays, keeps the directory and signals WebRTC, and the HTTP server that
 * hands out the page, the models and the way to itself.
 */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { InvalidRequestError } from '../peer/errors.ts'
import { DirectoryTable } from '../peer/swarm/directory.ts'
import { GossipSources } from '../peer/swarm/gossip.ts'
import { groupByPeer, peerOfAddress } from '../peer/wire/addresses.ts'
import { systemClock } from '../peer/wire/clock.ts'
import { checkPlace, join, RENDEZVOUS_VERSION } from '../peer/wire/join.ts'
import type { TlsCertificate } from '../peer/wire/limits.ts'
import { silent, type WireLogger } from '../peer/wire/log.ts'
import { type Membership, publicMembership } from '../peer/wire/membership.ts'
import { createNode, type PeerNode } from '../peer/wire/node.ts'
import { serveDirectory } from './directory-service.ts'
import { Fellows } from './fellows.ts'
import { startGossip } from './gossip.ts'
import { type GossipTopic, gossipTopic } from './gossip-topic.ts'
import { type HttpService, serveHttp } from './http-service.ts'
import type { PublishedModel } from './published-model.ts'
import { fromEntry, publishedAt, toEntry, toldAddresses } from './told.ts'

export type { PublishedModel } from './published-model.ts'

/** A peer that neither renews nor says goodbye is planned with for this long: three missed renewals. */
export const LEASE_MS = 20_000
const SHORTEST_LEASE_MS = 1_000

/** Directory nodes that one is told to keep a connection to; gossip reaches the others through them. */
export const MAX_JOINED = 16

export interface BootstrapOptions {
  /** IP address to listen on; 0.0.0.0 or :: for all. `localhost` is 127.0.0.1. */
  host: string
  /** Page, /shoal.json, models, and libp2p's WebSockets. 0: any free port. */
  httpPort: number
  /** A further port for libp2p's WebSockets alone; absent: none. */
  wsPort?: number
  /** libp2p over TCP for Node peers; absent or 0: any free port. */
  tcpPort?: number
  /** Serve HTTPS and WSS. */
  tls?: TlsCertificate
  /** The built page; absent: none. */
  pageDir?: string
  models: readonly PublishedModel[]
  /** The swarm to serve; of a private one only members are told who and what is in it. Default: the public one. */
  membership?: Membership
  /**
   * Fellow directory nodes to keep connected and share the directory with: URLs of bootstraps, or multiaddrs ending in
   * /p2p/ID. One side suffices; they need not be up yet. At most 16. Default: none.
   */
  directoryNodes?: readonly string[]
  /** How long an announcement is planned with that is not renewed. Default 20 000, at least 1 000. */
  leaseMs?: number
  /** After its last channel is gone a peer may come back before its announcement goes. Default 5 000. */
  goneMs?: number
  /** Where the world reaches the HTTP port, behind a proxy for instance: used in the URLs that peers are told over libp2p. */
  publicUrl?: string
  /** Absent: a new identity each start. */
  privateKey?: PrivateKey
  logger?: WireLogger
  /** Ends the bootstrap. */
  signal?: AbortSignal
}

export interface BootstrapHealth {
  peers: number
  announcements: number
  announcementBytes: number
  relayReservations: number
  /** Fellow directory nodes that it gossips with. */
  directoryNodes: number
  /** Forged, stale and surplus messages of theirs, since the start. */
  gossipCharges: number
}

export interface Bootstrap {
  httpUrl: string
  peerId: string
  /** Multiaddrs of its libp2p node, the one over the HTTP port first. */
  addresses: string[]
  health: () => BootstrapHealth
  stop: () => Promise<void>
}

/** @throws InvalidRequestError, SourceError */
export async function startBootstrap(options: BootstrapOptions): Promise<Bootstrap> {
  const { models, logger = silent, signal, tls, directoryNodes = [] } = options
  signal?.throwIfAborted()
  const host = options.host === 'localhost' ? '127.0.0.1' : options.host
  const family = isIP(host)
  if (family === 0) throw new InvalidRequestError(`host ${options.host}: an IP address to listen on expected`)
  models.forEach(checkModel)
  directoryNodes.forEach(checkPlace)
  if (directoryNodes.length > MAX_JOINED)
    throw new InvalidRequestError(`${directoryNodes.length} directory nodes to join, at most ${MAX_JOINED} expected`)
  const sources = new GossipSources()
  const topic = gossipTopic(sources, systemClock, logger)
  const at = `/${family === 4 ? 'ip4' : 'ip6'}/${host}/tcp`
  const node = await createNode({
    privateKey: options.privateKey ?? (await generateKeyPair('Ed25519')),
    membership: options.membership ?? publicMembership,
    directoryNodes: [],
    relay: true,
    webrtc: false,
    // WebSockets arrive through the HTTP port's upgrades at the one on 127.0.0.1.
    listen: [
      '/ip4/127.0.0.1/tcp/0/ws',
      `${at}/${options.tcpPort ?? 0}`,
      ...(options.wsPort === undefined ? [] : [`${at}/${options.wsPort}/${tls === undefined ? 'ws' : 'tls/ws'}`])
    ],
    services: topic.services,
    logger,
    ...(tls === undefined ? {} : { tls })
  })
  try {
    return await serve(node, host, topic, sources, { ...options, directoryNodes, logger })
  } catch (error) {
    await node.stop()
    throw error
  }
}

async function serve(
  node: PeerNode,
  host: string,
  topic: GossipTopic,
  sources: GossipSources,
  options: BootstrapOptions & { directoryNodes: readonly string[]; logger: WireLogger }
): Promise<Bootstrap> {
  const { models, directoryNodes, logger, signal, tls } = options
  const { membership } = node
  const table = new DirectoryTable({ leaseMs: Math.max(SHORTEST_LEASE_MS, options.leaseMs ?? LEASE_MS) })
  const fellows = new Fellows()
  const ownDigests = new Set(models.map(({ digest }) => digest))
  const fellowModels = () => fellows.models(ownDigests, systemClock.now())
  /** Fellows that the operator named; joining peers are told of them first. */
  const named = new Set<string>()
  const neighbours = () => topic.neighbours().sort((a, b) => Number(named.has(b)) - Number(named.has(a)))
  const listening = node.node.getMultiaddrs().map(address => ({ text: address.toString(), port: portOf(address.toString()) }))
  const socketPort = listening.find(({ text }) => text.startsWith('/ip4/127.0.0.1/') && text.includes('/ws'))?.port ?? 0
  const tcpPort = listening.find(({ text }) => !text.includes('/ws'))?.port ?? 0
  const health = (): BootstrapHealth => ({
    peers: new Set(node.connections().map(({ peer }) => peer)).size,
    announcements: table.live(systemClock.now()).length,
    announcementBytes: table.bytes,
    relayReservations: relayReservations(node),
    directoryNodes: topic.neighbours().length,
    gossipCharges: sources.charges
  })
  const http: HttpService = await serveHttp({
    host,
    port: options.httpPort,
    ...(tls === undefined ? {} : { tls }),
    ...(options.pageDir === undefined ? {} : { pageDir: options.pageDir }),
    models,
    membership,
    socketPort,
    health,
    rendezvous: () => ({
      version: RENDEZVOUS_VERSION,
      network: membership.network,
      private: membership.secret !== undefined,
      peerId: node.self,
      addresses: node.addresses(),
      tcpPort,
      models: [...publishedAt('', models, membership), ...fellowModels().map(fromEntry)],
      directoryNodes: fellows.addresses(neighbours(), systemClock.now())
    })
  })
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const httpUrl = `${tls === undefined ? 'http' : 'https'}://${isIP(reachable) === 6 ? `[${reachable}]` : reachable}:${http.port}`
  const own = publishedAt(options.publicUrl ?? httpUrl, models, membership).map(toEntry)
  const gossip = startGossip({
    links: node,
    table,
    fellows,
    topic,
    sources,
    self: () => ({
      addresses: toldAddresses(node.self, node.addresses(), http.port, tls !== undefined, options.publicUrl),
      models: own
    }),
    hangUp: peer => {
      const closed = node.node.hangUp(peerIdFromString(peer))
      closed.catch(error => logger.debug({ directoryNode: peer, error: String(error) }, 'connection not closed'))
    },
    clock: systemClock,
    logger
  })
  const stopDirectory = serveDirectory({
    links: node,
    table,
    told: gossip,
    clock: systemClock,
    random: Math.random,
    ...(options.goneMs === undefined ? {} : { goneMs: options.goneMs }),
    models: () => [...own, ...fellowModels()]
  })
  for (const place of directoryNodes)
    node.keep(async limit => {
      const [addresses = []] = groupByPeer((await join([place], limit, membership)).directoryNodes)
      const peer = addresses[0] === undefined ? undefined : peerOfAddress(addresses[0])
      if (peer === node.self) throw new InvalidRequestError(`${place} leads to this directory node itself`)
      if (peer !== undefined) named.add(peer)
      return addresses.map(String)
    })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= (async () => {
      signal?.removeEventListener('abort', onAbort)
      stopDirectory()
      gossip.stop()
      await http.close()
      await node.stop()
    })()
    return stopped
  }
  const onAbort = () => {
    stop().catch(error => logger.warn({ error: String(error) }, 'bootstrap did not stop cleanly'))
  }
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
  const overHttp = `/${isIP(reachable) === 6 ? 'ip6' : 'ip4'}/${reachable}/tcp/${http.port}/${tls === undefined ? 'ws' : 'tls/ws'}/p2p/${node.self}`
  logger.info({ httpUrl, peerId: node.self, models: models.map(({ name }) => name) }, 'bootstrap started')
  return { httpUrl, peerId: node.self, addresses: [overHttp, ...node.addresses()], health, stop }
}

/** A published manifest must hash to the name it is published by, or every peer would refuse it later. */
function checkModel({ name, digest, manifest, layers }: PublishedModel): void {
  const actual = createHash('sha256').update(manifest).digest('hex')
  if (actual !== digest) throw new InvalidRequestError(`Model ${name}: its manifest hashes to ${actual}, not to ${digest}`)
  if (!(Number.isInteger(layers) && layers > 0)) throw new InvalidRequestError(`Model ${name}: ${layers} layers`)
}

function portOf(address: string): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1] ?? 0)
}

function relayReservations({ node }: PeerNode): number {
  const relay: unknown = node.services.relay
  if (typeof relay !== 'object' || relay === null || !('reservations' in relay)) return 0
  const { reservations } = relay
  return typeof reservations === 'object' && reservations !== null && 'size' in reservations ? Number(reservations.size) : 0
}
