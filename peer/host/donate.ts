/**
 * The life of a donor, the same for a tab and a Node process: see what the swarm lacks, take a span, say so while it
 * loads, serve it, and leave politely. When its GPU fails it comes back once with less. What differs (where weights and the engine come from) is handed in.
 */
import type { PrivateKey } from '@libp2p/interface'
import type { SpanEngine } from '../engine/engine.ts'
import { BusyError, type ShoalError, toShoalError } from '../errors.ts'
import type { NamedManifest } from '../model/manifest.ts'
import type { Span } from '../model/types.ts'
import type { SignedEntry } from '../swarm/read-entries.ts'
import type { Announcement, SpanOffer } from '../swarm/types.ts'
import type { Links } from '../wire/channel.ts'
import { type Clock, sleep, systemClock } from '../wire/clock.ts'
import { silent, type WireLogger } from '../wire/log.ts'
import { type AnnouncementTarget, startAnnouncer } from './announcer.ts'
import { type Assignment, chooseAssignment, chooseSmaller, isGpuTrouble } from './assignment.ts'
import { type HostStats, type SpanHost, startHost } from './span-host.ts'

/** Before the second try: a driver or browser process that has just been restarted offers no adapter for a moment. */
const RETRY_PAUSE_MS = 1_000
/** How often a serving donor tells its page what it has done. */
const STATS_INTERVAL_MS = 1_000

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
  /** The GPU was lost or had too little memory; once, a smaller span is tried on a fresh device. */
  | { state: 'retrying'; span: Span; error: ShoalError }
  /** `retried`: it had tried a smaller span before. */
  | { state: 'ended'; error: ShoalError | undefined; retried: boolean }

export interface DonationOptions {
  links: Links
  privateKey: PrivateKey
  /** The directory client of the network layer is one. */
  directory: AnnouncementTarget & { query: (model: string, signal?: AbortSignal) => Promise<readonly SignedEntry[]> }
  manifest: NamedManifest
  agent: Announcement['agent']
  adapter: string
  /** What the peer takes while it computes; absent: it does not say. */
  watts?: number
  /** Bytes this peer gives for weights and KV. */
  memoryBytes: number
  /** Positions of KV to hold. Default: eight sessions of the whole context. */
  kvTokens?: number
  maxLayers?: number
  /** Serve exactly this span instead of what the swarm lacks most. */
  span?: Span
  /** Tokens a second through one layer this peer expects of itself before it has measured. */
  expectedDecodeRate: number
  /** Loads the span's verified weights on a fresh device, self-tests and measures it. Called again after the GPU failed. */
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

interface Life {
  /** Aborts when the donor is told to stop. */
  readonly signal: AbortSignal
  readonly onServing: (host: SpanHost) => void
  /** How long sessions may take to end. */
  drainMs: number
  retried: boolean
}

export function startDonation(options: DonationOptions): Donation {
  const { onEvent = () => {} } = options
  const stopping = new AbortController()
  let resolveServing: (host: SpanHost) => void = () => {}
  let rejectServing: (error: unknown) => void = () => {}
  const serving = new Promise<SpanHost>((resolve, reject) => {
    resolveServing = resolve
    rejectServing = reject
  })
  // Who only waits for the end need not handle it twice.
  serving.catch(() => {})
  const life: Life = { signal: stopping.signal, onServing: resolveServing, drainMs: 0, retried: false }
  const ended = (async () => {
    let error: ShoalError | undefined
    try {
      error = await live(options, life)
    } catch (thrown) {
      error = stopping.signal.aborted ? undefined : toShoalError(thrown)
    }
    rejectServing(error ?? stopping.signal.reason)
    onEvent({ state: 'ended', error, retried: life.retried })
    return error
  })()
  return {
    serving,
    ended,
    stop: async (ms = 0) => {
      life.drainMs = ms
      stopping.abort(new BusyError('the donor was stopped'))
      await ended
    }
  }
}

/** Resolves when asked to stop, or with the error that made serving impossible: at once, or after a second try. */
async function live(options: DonationOptions, life: Life): Promise<ShoalError | undefined> {
  const { onEvent = () => {}, random = Math.random, clock = systemClock } = options
  const choosing = { ...options, self: options.links.self, random, clock }
  onEvent({ state: 'placing' })
  const first = await chooseAssignment(choosing, life.signal)
  const error = await host(options, first, life)
  if (error === undefined || life.signal.aborted || !isGpuTrouble(error)) return error
  life.retried = true
  onEvent({ state: 'retrying', span: first.span, error })
  await sleep(clock, RETRY_PAUSE_MS, life.signal)
  return await host(options, await chooseSmaller(choosing, first, life.signal), life)
}

/** Loads and serves. Resolves when asked to stop, or with what became of the GPU; nothing is announced any more then. */
async function host(options: DonationOptions, assignment: Assignment, life: Life): Promise<ShoalError | undefined> {
  const { links, privateKey, directory, manifest: named, agent, adapter, watts, onEvent = () => {} } = options
  const { clock = systemClock, logger = silent } = options
  const { layers, width, vocabulary, contextLength } = named.manifest.hyperparameters
  const { span, kvTokens } = assignment
  const { signal } = life
  const loading = loadingOffer(options, span)
  let host: SpanHost | undefined
  const announcer = startAnnouncer({
    target: directory,
    privateKey,
    clock,
    logger,
    current: () => {
      const offer = host === undefined ? loading : host.offer()
      const stated = watts === undefined ? {} : { watts }
      const offers = offer === undefined ? [] : [offer]
      return { peer: links.self, addresses: links.addresses(), agent, adapter, ...stated, offers }
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
    life.onServing(host)
    return await serve(host, span, engine, onEvent, clock, signal)
  } catch (thrown) {
    const error = toShoalError(thrown)
    if (signal.aborted || !isGpuTrouble(error)) throw thrown
    return error
  } finally {
    onEvent({ state: 'leaving', span })
    // At once: a tab that is closed gets no more turns than this one, and a host that leaves refuses new chains anyway.
    const withdrawn = announcer.stop()
    await host?.goodbye(life.drainMs)
    await withdrawn
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
