/**
 * How a peer finds its first directory node: an `http(s)://host:port` whose /shoal.json tells who it is and which models it
 * publishes, or multiaddrs as they are. Addresses are made of the host that was used, which works from here, and not of
 * those that the bootstrap listens on, which may not.
 */
import { multiaddr } from '@multiformats/multiaddr'
import { DeadlineError, InvalidRequestError, SourceError } from '../errors.ts'
import { peerOfAddress } from './addresses.ts'
import { MAX_MODEL_NAME_CHARS, MAX_MODEL_URLS, MAX_MODELS, MAX_URL_CHARS } from './check-frames.ts'

export const RENDEZVOUS_VERSION = 1

/** A few kilobytes are usual: the peer and its models. */
const MAX_DOCUMENT_BYTES = 1024 * 1024
const FETCH_MS = 10_000
const DIGEST = /^[0-9a-f]{64}$/

/** /shoal.json. */
export interface Rendezvous {
  version: number
  peerId: string
  /** As the bootstrap's own libp2p sees them; for people, peers use those made of the host they reached. */
  addresses: string[]
  /** A port for libp2p over TCP; 0 when there is none. WebSockets are served on the port of this document. */
  tcpPort: number
  models: RendezvousModel[]
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
  /** Multiaddrs ending in /p2p/ID. */
  directoryNodes: string[]
  /** With absolute URLs; empty when joined by multiaddr: ask a directory node. */
  models: RendezvousModel[]
}

/** @throws InvalidRequestError, SourceError, DeadlineError */
export async function join(places: readonly string[], signal?: AbortSignal): Promise<JoinPoint> {
  const points = await Promise.all(places.map(place => (place.startsWith('/') ? fromMultiaddr(place) : fromUrl(place, signal))))
  return {
    directoryNodes: [...new Set(points.flatMap(point => point.directoryNodes))],
    models: points.flatMap(point => point.models)
  }
}

async function fromMultiaddr(place: string): Promise<JoinPoint> {
  let peer: string | undefined
  try {
    peer = peerOfAddress(multiaddr(place))
  } catch (cause) {
    throw new InvalidRequestError(`${place}: not a multiaddr`, {}, { cause })
  }
  if (peer === undefined) throw new InvalidRequestError(`${place}: must end in /p2p/ and the directory node's peer id`)
  return { directoryNodes: [place], models: [] }
}

async function fromUrl(place: string, signal: AbortSignal | undefined): Promise<JoinPoint> {
  const base = parseUrl(place)
  const url = new URL('shoal.json', base.href.endsWith('/') ? base : `${base.href}/`)
  const rendezvous = checkRendezvous(await fetchDocument(url, signal), url.href)
  const host = hostComponent(url.hostname)
  const secure = url.protocol === 'https:'
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  const sockets = `/${host}/tcp/${port}/${secure ? 'tls/ws' : 'ws'}/p2p/${rendezvous.peerId}`
  const tcp = rendezvous.tcpPort === 0 ? [] : [`/${host}/tcp/${rendezvous.tcpPort}/p2p/${rendezvous.peerId}`]
  return {
    directoryNodes: [...tcp, sockets],
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

async function fetchDocument(url: URL, signal: AbortSignal | undefined): Promise<unknown> {
  const deadline = AbortSignal.timeout(FETCH_MS)
  try {
    const response = await fetch(url, { signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) })
    if (!response.ok) throw new SourceError(`${url.href}: HTTP ${response.status}`)
    return JSON.parse(await boundedText(response, url.href))
  } catch (error) {
    signal?.throwIfAborted()
    if (deadline.aborted) throw new DeadlineError(`${url.href}: no answer in ${FETCH_MS} ms`)
    if (error instanceof SourceError) throw error
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
  const { version, peerId, addresses, tcpPort, models } = document
  if (version !== RENDEZVOUS_VERSION) return refuse('version')
  if (!isText(peerId, 64) || !/^[1-9A-HJ-NP-Za-km-z]+$/.test(peerId)) return refuse('peerId')
  if (!isTexts(addresses, 64)) return refuse('addresses')
  if (!(Number.isInteger(tcpPort) && Number(tcpPort) >= 0 && Number(tcpPort) < 65536)) return refuse('tcpPort')
  if (!Array.isArray(models) || models.length > MAX_MODELS) return refuse('models')
  return {
    version,
    peerId,
    addresses,
    tcpPort: Number(tcpPort),
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
