/**
 * How a peer finds its first directory node: an `http(s)://host:port` whose /shoal.json tells who it is and which models it
 * publishes, or multiaddrs as they are. Addresses are made of the host that was used, which works from here, and not of
 * those that the bootstrap listens on, which may not.
 */
import { multiaddr } from '@multiformats/multiaddr'
import { DeadlineError, InvalidRequestError, InviteError, type ShoalError, SourceError, toShoalError } from '../errors.ts'
import { parseAddresses, peerOfAddress } from './addresses.ts'
import { MAX_MODEL_NAME_CHARS, MAX_MODEL_URLS, MAX_MODELS, MAX_URL_CHARS } from './check-frames.ts'
import { DEFAULT_NETWORK, directoryToken, MAX_NETWORK_CHARS, type Membership, publicMembership } from './membership.ts'

export const RENDEZVOUS_VERSION = 1

/** A few kilobytes are usual: the peer and its models. */
const MAX_DOCUMENT_BYTES = 1024 * 1024
const FETCH_MS = 10_000
const DIGEST = /^[0-9a-f]{64}$/

/** /shoal.json. */
export interface Rendezvous {
  version: number
  /** Of a private swarm only members are told this document. */
  network: string
  private: boolean
  peerId: string
  /** As the bootstrap's own libp2p sees them; for people, peers use those made of the host they reached. */
  addresses: string[]
  /** A port for libp2p over TCP; 0 when there is none. WebSockets are served on the port of this document. */
  tcpPort: number
  models: RendezvousModel[]
  /** Multiaddrs of fellow directory nodes, for a peer to hang on as well. */
  directoryNodes: string[]
}

export interface RendezvousModel {
  name: string
  /** Of the manifest, hex. */
  digest: string
  layers: number
  /** Absolute, or relative to /shoal.json. */
  manifestUrl: string
  sources: string[]
}

export interface JoinPoint {
  /** Multiaddrs ending in /p2p/ID: of the places in their order, then of fellow directory nodes that they told of. */
  directoryNodes: string[]
  /** With absolute URLs, one a digest; empty when joined by multiaddr: ask a directory node. */
  models: RendezvousModel[]
  /** What was wrong with places that did not answer, while others did. */
  failures: ShoalError[]
}

interface Point {
  own: string[]
  fellows: string[]
  models: RendezvousModel[]
}

/**
 * One place that answers suffices. @throws InvalidRequestError, SourceError, DeadlineError; InviteError where it is of
 * another swarm than `membership` names, or of a private one whose invite is missing or wrong
 */
export async function join(
  places: readonly string[],
  signal?: AbortSignal,
  membership: Membership = publicMembership
): Promise<JoinPoint> {
  places.forEach(checkPlace)
  const failures: ShoalError[] = []
  const points: Point[] = []
  const asked = places.map(place =>
    place.startsWith('/') ? { own: [place], fellows: [], models: [] } : fromUrl(place, signal, membership)
  )
  for (const result of await Promise.allSettled(asked))
    if (result.status === 'fulfilled') points.push(result.value)
    else failures.push(toShoalError(result.reason))
  signal?.throwIfAborted()
  const failure = failures.find(error => error instanceof InviteError) ?? failures[0]
  if (points.length === 0 && failure !== undefined) throw failure
  const models = new Map<string, RendezvousModel>()
  for (const model of points.flatMap(point => point.models)) if (!models.has(model.digest)) models.set(model.digest, model)
  return {
    directoryNodes: [...new Set([...points.flatMap(({ own }) => own), ...points.flatMap(({ fellows }) => fellows)])],
    models: [...models.values()],
    failures
  }
}

/** @throws InvalidRequestError unless it is an http(s):// URL or a multiaddr of a peer */
export function checkPlace(place: string): void {
  if (!place.startsWith('/')) {
    parseUrl(place)
    return
  }
  let peer: string | undefined
  try {
    peer = peerOfAddress(multiaddr(place))
  } catch (cause) {
    throw new InvalidRequestError(`${place}: not a multiaddr`, {}, { cause })
  }
  if (peer === undefined) throw new InvalidRequestError(`${place}: must end in /p2p/ and the directory node's peer id`)
}

/** Where libp2p's WebSockets are behind a bootstrap's URL. */
export function socketAddress(url: URL, peer: string): string {
  const secure = url.protocol === 'https:'
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  return `/${hostComponent(url.hostname)}/tcp/${port}/${secure ? 'tls/ws' : 'ws'}/p2p/${peer}`
}

/**
 * Of the addresses that a bootstrap reached over `url` tells of its fellows, those of nodes a tab can dial too: all speak
 * WebSockets, with TLS where the bootstrap does, since a page over HTTPS may open no other; and none is the asker itself.
 */
export function fellowAddresses(addresses: readonly string[], url: URL): string[] {
  const socket = url.protocol === 'https:' ? /\/(tls(\/sni\/[^/]+)?\/ws|wss)\b/ : /\/wss?\b/
  const local = isLoopback(`/${hostComponent(url.hostname)}`)
  const byPeer = new Map<string, string[]>()
  for (const address of addresses) {
    const peer = address.split('/').at(-1) ?? ''
    if (!local && isLoopback(address)) continue
    for (const parsed of parseAddresses([address], peer)) byPeer.set(peer, [...(byPeer.get(peer) ?? []), String(parsed)])
  }
  return [...byPeer.values()].filter(ways => ways.some(way => socket.test(way))).flat()
}

function isLoopback(address: string): boolean {
  return /^\/(ip4\/127\.|ip6\/::1\b|dns[46]?\/localhost\b)/.test(address)
}

async function fromUrl(place: string, signal: AbortSignal | undefined, membership: Membership): Promise<Point> {
  const base = parseUrl(place)
  const url = new URL('shoal.json', base.href.endsWith('/') ? base : `${base.href}/`)
  const rendezvous = checkRendezvous(await fetchDocument(url, signal, membership), url.href)
  if (rendezvous.network !== membership.network)
    throw new InviteError(`${place} belongs to the network ${rendezvous.network}, not to ${membership.network}`)
  if (membership.secret !== undefined && !rendezvous.private)
    throw new InviteError(`${place} belongs to a public swarm, not to the private one of this invite`)
  const { peerId, tcpPort } = rendezvous
  const tcp = tcpPort === 0 ? [] : [`/${hostComponent(url.hostname)}/tcp/${tcpPort}/p2p/${peerId}`]
  return {
    own: [...tcp, socketAddress(url, peerId)],
    fellows: fellowAddresses(rendezvous.directoryNodes, url),
    models: rendezvous.models.map(model => ({
      ...model,
      manifestUrl: new URL(model.manifestUrl, url).href,
      sources: model.sources.map(source => new URL(source, url).href)
    }))
  }
}

function parseUrl(place: string): URL {
  try {
    const url = new URL(place)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
  } catch {
    // Told below.
  }
  throw new InvalidRequestError(`${place}: an http(s):// URL or a multiaddr expected`)
}

function hostComponent(hostname: string): string {
  if (hostname.startsWith('[')) return `ip6/${hostname.slice(1, -1)}`
  return /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? `ip4/${hostname}` : `dns/${hostname}`
}

async function fetchDocument(url: URL, signal: AbortSignal | undefined, membership: Membership): Promise<unknown> {
  const deadline = AbortSignal.timeout(FETCH_MS)
  const invited = membership.secret !== undefined
  try {
    const response = await fetch(url, {
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(invited ? { headers: { authorization: `Bearer ${directoryToken(membership)}` } } : {})
    })
    if (response.status === 401)
      throw new InviteError(
        invited
          ? `${url.origin}: the invite is not this private swarm's: its network or its secret is another`
          : `${url.origin}: this swarm is private, its invite is needed`
      )
    if (!response.ok) throw new SourceError(`${url.href}: HTTP ${response.status}`)
    return JSON.parse(await boundedText(response, url.href))
  } catch (error) {
    signal?.throwIfAborted()
    if (deadline.aborted) throw new DeadlineError(`${url.href}: no answer in ${FETCH_MS} ms`)
    if (error instanceof SourceError || error instanceof InviteError) throw error
    throw new SourceError(`${url.href}: ${error instanceof Error ? error.message : String(error)}`, {}, { cause: error })
  }
}

async function boundedText(response: Response, where: string): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    bytes += value?.byteLength ?? 0
    if (bytes > MAX_DOCUMENT_BYTES) {
      await reader.cancel()
      throw new SourceError(`${where}: more than ${MAX_DOCUMENT_BYTES} bytes`)
    }
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}

/** @throws SourceError naming the field */
export function checkRendezvous(document: unknown, where: string): Rendezvous {
  const refuse = (field: string): never => {
    throw new SourceError(`${where}: ${field} is not as a Shoal bootstrap writes it`)
  }
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
  const isText = (value: unknown, most: number): value is string => typeof value === 'string' && value.length <= most
  const isTexts = (value: unknown, count: number): value is string[] =>
    Array.isArray(value) && value.length <= count && value.every(text => isText(text, MAX_URL_CHARS))
  if (!isObject(document)) return refuse('the document')
  const { version, network = DEFAULT_NETWORK, peerId, addresses, tcpPort, models, directoryNodes = [] } = document
  if (version !== RENDEZVOUS_VERSION) return refuse('version')
  if (!isText(network, MAX_NETWORK_CHARS)) return refuse('network')
  if (!isText(peerId, 64) || !/^[1-9A-HJ-NP-Za-km-z]+$/.test(peerId)) return refuse('peerId')
  if (!isTexts(addresses, 64)) return refuse('addresses')
  if (!isTexts(directoryNodes, 64)) return refuse('directoryNodes')
  if (!(Number.isInteger(tcpPort) && Number(tcpPort) >= 0 && Number(tcpPort) < 65536)) return refuse('tcpPort')
  if (!Array.isArray(models) || models.length > MAX_MODELS) return refuse('models')
  return {
    version,
    network,
    private: document.private === true,
    peerId,
    addresses,
    tcpPort: Number(tcpPort),
    directoryNodes,
    models: models.map((model: unknown, index) => {
      if (!isObject(model)) return refuse(`models[${index}]`)
      const { name, digest, layers, manifestUrl, sources } = model
      if (!isText(name, MAX_MODEL_NAME_CHARS)) return refuse(`models[${index}].name`)
      if (!isText(digest, 64) || !DIGEST.test(digest)) return refuse(`models[${index}].digest`)
      if (!(Number.isInteger(layers) && Number(layers) > 0)) return refuse(`models[${index}].layers`)
      if (!isText(manifestUrl, MAX_URL_CHARS)) return refuse(`models[${index}].manifestUrl`)
      if (!isTexts(sources, MAX_MODEL_URLS)) return refuse(`models[${index}].sources`)
      return { name, digest, layers: Number(layers), manifestUrl, sources }
    })
  }
}
