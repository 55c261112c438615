/**
 * The life of a donor, the same for a tab and a Node process: see what the swarm lacks, take a span, say so while it
 * loads, serve it, and leave politely. What differs (where weights and the engine come from) is handed in.
 */
import type { PrivateKey } from '@libp2p/interface'
import type { SpanEngine } from '../engine/engine.ts'
import { BusyError, InvalidRequestError, type ShoalError, toShoalError } from '../errors.ts'
import type { NamedManifest } from '../model/manifest.ts'
import type { Span } from '../model/types.ts'
import { placeNewcomer } from '../swarm/placement.ts'
import { readEntries, type SignedEntry } from '../swarm/read-entries.ts'
import type { Announcement, SpanOffer } from '../swarm/types.ts'
import type { Links } from '../wire/channel.ts'
import { type Clock, systemClock, within } from '../wire/clock.ts'
import { silent, type WireLogger } from '../wire/log.ts'
import { type AnnouncementTarget, startAnnouncer } from './announcer.ts'
import { spanBytes } from './span-bytes.ts'
import { type HostStats, type SpanHost, startHost } from './span-host.ts'

/** A directory node answers in a round trip; relays and slow links included. */
const QUERY_MS = 15_000
/** How often a serving donor tells its page what it has done. */
const STATS_INTERVAL_MS = 1_000
/** What a session usually needs; a donor's KV holds several. */
const DEFAULT_KV_SESSIONS = 8

export interface DonatedEngine {
  engine: SpanEngine
  /** Tokens a second through one layer, measured after the self-test passed. */
  rates: { prefill: number; decode: number }
}

export interface LoadProgress {
  bytesDone: number
  bytesTotal: number
}

export type DonationEvent =
  | { state: 'placing' }
  | { state: 'loading'; span: Span; progress: LoadProgress }
  | { state: 'serving'; span: Span; stats: HostStats }
  | { state: 'leaving'; span: Span | undefined }
  | { state: 'ended'; error: ShoalError | undefined }

export interface DonationOptions {
  links: Links
  privateKey: PrivateKey
  /** The directory client of the network layer is one. */
  directory: AnnouncementTarget & { query: (model: string, signal?: AbortSignal) => Promise<readonly SignedEntry[]> }
  manifest: NamedManifest
  agent: Announcement['agent']
  adapter: string
  /** Bytes this peer gives for weights and KV. */
  memoryBytes: number
  /** Positions of KV to hold. Default: eight sessions of the whole context. */
  kvTokens?: number
  maxLayers?: number
  /** Serve exactly this span instead of what the swarm lacks most. */
  span?: Span
  /** Tokens a second through one layer this peer expects of itself before it has measured. */
  expectedDecodeRate: number
  /** Loads the span's verified weights, self-tests and measures it. */
  createEngine: (
    span: Span,
    kvTokens: number,
    onProgress: (progress: LoadProgress) => void,
    signal: AbortSignal
  ) => Promise<DonatedEngine>
  onEvent?: (event: DonationEvent) => void
  random?: () => number
  clock?: Clock
  logger?: WireLogger
}

export interface Donation {
  /** Resolves once the donor serves. Rejects with why it never will. */
  readonly serving: Promise<SpanHost>
  /** Resolves when everything has ended, with the error that ended it if nobody asked for it. */
  readonly ended: Promise<ShoalError | undefined>
  /** Gives sessions up to `drainMs` to end, tells their drivers, withdraws, frees the GPU. */
  stop: (drainMs?: number) => Promise<void>
}

export function startDonation(options: DonationOptions): Donation {
  const { onEvent = () => {} } = options
  const stopping = new AbortController()
  let drainMs = 0
  let resolveServing: (host: SpanHost) => void = () => {}
  let rejectServing: (error: unknown) => void = () => {}
  const serving = new Promise<SpanHost>((resolve, reject) => {
    resolveServing = resolve
    rejectServing = reject
  })
  // Who only waits for the end need not handle it twice.
  serving.catch(() => {})
  const ended = (async () => {
    let error: ShoalError | undefined
    try {
      error = await live(options, stopping.signal, resolveServing, () => drainMs)
    } catch (thrown) {
      error = stopping.signal.aborted ? undefined : toShoalError(thrown)
    }
    rejectServing(error ?? stopping.signal.reason)
    onEvent({ state: 'ended', error })
    return error
  })()
  return {
    serving,
    ended,
    stop: async (ms = 0) => {
      drainMs = ms
      stopping.abort(new BusyError('the donor was stopped'))
      await ended
    }
  }
}

/** Resolves when asked to stop, or with the error that made serving impossible. */
async function live(
  options: DonationOptions,
  signal: AbortSignal,
  onServing: (host: SpanHost) => void,
  drainMs: () => number
): Promise<ShoalError | undefined> {
  const { links, privateKey, directory, manifest: named, agent, adapter, onEvent = () => {} } = options
  const { clock = systemClock, logger = silent } = options
  const { hyperparameters } = named.manifest
  const { layers, width, vocabulary, contextLength } = hyperparameters
  const kvTokens = options.kvTokens ?? DEFAULT_KV_SESSIONS * contextLength
  onEvent({ state: 'placing' })
  const span = options.span ?? (await place(options, kvTokens, clock, signal))
  const loading = loadingOffer(options, span)
  let host: SpanHost | undefined
  const announcer = startAnnouncer({
    target: directory,
    privateKey,
    clock,
    logger,
    current: () => {
      const offer = host === undefined ? loading : host.offer()
      return { peer: links.self, addresses: links.addresses(), agent, adapter, offers: offer === undefined ? [] : [offer] }
    }
  })
  let made: DonatedEngine | undefined
  try {
    onEvent({ state: 'loading', span, progress: { bytesDone: 0, bytesTotal: 0 } })
    made = await options.createEngine(span, kvTokens, progress => onEvent({ state: 'loading', span, progress }), signal)
    signal.throwIfAborted()
    const model = { digest: named.digest, layers, width, vocabulary, contextLength }
    const { engine, rates } = made
    host = startHost({ links, engine, model, rates, onChange: () => announcer.changed(), clock, logger })
    announcer.changed()
    onServing(host)
    return await serve(host, span, engine, onEvent, clock, signal)
  } finally {
    onEvent({ state: 'leaving', span })
    // Gone from the directory first, so that no new chain is planned through a leaving peer.
    await announcer.stop()
    await host?.goodbye(drainMs())
    await made?.engine.close()
  }
}

async function serve(
  host: SpanHost,
  span: Span,
  engine: SpanEngine,
  onEvent: (event: DonationEvent) => void,
  clock: Clock,
  signal: AbortSignal
): Promise<ShoalError | undefined> {
  const tell = () => onEvent({ state: 'serving', span, stats: host.stats() })
  let forget = () => {}
  const repeat = () => {
    tell()
    forget = clock.after(STATS_INTERVAL_MS, repeat)
  }
  repeat()
  try {
    return await new Promise<ShoalError | undefined>(resolve => {
      if (signal.aborted) resolve(undefined)
      signal.addEventListener('abort', () => resolve(undefined), { once: true })
      void engine.lost.then(resolve)
    })
  } finally {
    forget()
  }
}

async function place(options: DonationOptions, kvTokens: number, clock: Clock, signal: AbortSignal): Promise<Span> {
  const { links, directory, manifest: named, memoryBytes, maxLayers, expectedDecodeRate, random = Math.random } = options
  const { manifest, digest } = named
  const known = await within(clock, QUERY_MS, 'asking the directory', signal, asking => directory.query(digest, asking))
  const span = placeNewcomer({
    directory: await readEntries(known),
    model: digest,
    layers: manifest.hyperparameters.layers,
    spanBytes: candidate => spanBytes(manifest, candidate, kvTokens),
    memoryBytes,
    decodeRate: expectedDecodeRate,
    self: links.self,
    ...(maxLayers === undefined ? {} : { maxLayers }),
    random
  })
  if (span !== undefined) return span
  const least = spanBytes(manifest, { first: 0, end: 1 }, kvTokens)
  throw new InvalidRequestError(`${memoryBytes} bytes hold no layer of ${manifest.name}; one takes about ${least}`, {
    param: 'memory'
  })
}

function loadingOffer({ manifest: { digest, manifest }, expectedDecodeRate }: DonationOptions, span: Span): SpanOffer {
  return {
    model: digest,
    layers: manifest.hyperparameters.layers,
    span,
    state: 'loading',
    numerics: '',
    prefillRate: expectedDecodeRate,
    decodeRate: expectedDecodeRate,
    freeKvTokens: 0,
    queueMs: 0
  }
}
