/**
 * The life of a donor, the same for a tab and a Node process: see what the swarm lacks, take a span, say so while it
 * loads, serve it, take another when the swarm lacks that more, and leave politely. When its GPU fails it comes back once
 * with less. What differs (where weights and the engine come from) is handed in.
 */
import type { PrivateKey } from '@libp2p/interface'
import type { SpanEngine } from '../engine/engine.ts'
import { BusyError, type ShoalError, toShoalError } from '../errors.ts'
import type { NamedManifest } from '../model/manifest.ts'
import type { Span } from '../model/types.ts'
import type { SignedEntry } from '../swarm/read-entries.ts'
import type { Move } from '../swarm/rebalance.ts'
import type { Announcement, SpanOffer } from '../swarm/types.ts'
import type { Links } from '../wire/channel.ts'
import { type Clock, sleep, systemClock } from '../wire/clock.ts'
import { silent, type WireLogger } from '../wire/log.ts'
import type { AnnouncementTarget } from './announcer.ts'
import { type Assignment, chooseAssignment, chooseSmaller, isGpuTrouble } from './assignment.ts'
import { Donor } from './donor.ts'
import { type Destination, type OtherModels, untilMoved } from './moves.ts'
import { type HostStats, type SpanHost, startHost } from './span-host.ts'

/** Before the second try: a driver or browser process that has just been restarted offers no adapter for a moment. */
const RETRY_PAUSE_MS = 1_000
/** What sessions get to end by themselves before a donor that moves has them taken elsewhere: a short answer does. */
const MOVE_DRAIN_MS = 10_000
/** Before another move after one that could not be loaded: what was wrong may be so still. */
const FAILED_MOVE_REST_MS = 10 * 60_000
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
  /** Of `bytesDone`: were on this machine already. */
  bytesCached?: number
  /** Of `bytesDone`: this machine had no room to keep them. */
  bytesUnkept?: number
}

export type DonationEvent =
  | { state: 'placing' }
  | { state: 'loading'; span: Span; progress: LoadProgress }
  /** `decodeRate`: tokens a second through one layer, as measured. */
  | { state: 'serving'; span: Span; stats: HostStats; decodeRate: number }
  | { state: 'leaving'; span: Span | undefined }
  /** It has given one span up for another, which it loads now. `model`: digest of the one that it goes to. */
  | { state: 'moving'; from: Span; to: Span; model: string; reason: Move['reason'] | 'failed' }
  /** The GPU was lost or had too little memory; once, a smaller span is tried on a fresh device. */
  | { state: 'retrying'; span: Span; error: ShoalError }
  /** `retried`: it had tried a smaller span before. */
  | { state: 'ended'; error: ShoalError | undefined; retried: boolean }

export interface DonationOptions {
  links: Links
  privateKey: PrivateKey
  /** The directory client of the network layer is one. */
  directory: AnnouncementTarget & { query: (model: string, signal?: AbortSignal) => Promise<readonly SignedEntry[]> }
  /** The model to begin with. */
  manifest: NamedManifest
  /** Others that it may take when they are wanted more. Absent: it stays with its model. */
  others?: OtherModels
  agent: Announcement['agent']
  adapter: string
  /** What the peer takes while it computes; absent: it does not say. */
  watts?: number
  /** Bytes this peer gives for weights and KV. */
  memoryBytes: number
  /** Positions of KV to hold. Default: eight sessions of the whole context. */
  kvTokens?: number
  maxLayers?: number
  /** Serve exactly this span instead of what the swarm lacks most, now and later. */
  span?: Span
  /** Tokens a second through one layer this peer expects of itself before it has measured. */
  expectedDecodeRate: number
  /** Of a peer that holds spans of several models: what they share, made by `donorOf`. Default: one of its own. */
  donor?: Donor
  /** Loads the span's verified weights on a fresh device, self-tests and measures it. Called again after the GPU failed. */
  createEngine: (
    assignment: Assignment,
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
  /** What the host holds and has served, now; undefined while nothing is served. */
  stats: () => HostStats | undefined
  /** While paused nothing is offered and no session begins, whichever host serves: now, or after a second try. */
  pause: (paused: boolean) => void
  /** Gives sessions up to `drainMs` to end, tells their drivers, withdraws, frees the GPU. */
  stop: (drainMs?: number) => Promise<void>
}

interface Life {
  readonly donor: Donor
  /** Aborts when the donor is told to stop. */
  readonly signal: AbortSignal
  readonly onServing: (host: SpanHost) => void
  /** How long sessions may take to end. */
  drainMs: number
  retried: boolean
  paused: boolean
  host: SpanHost | undefined
}

/** What the donations of one peer share. */
export function donorOf(
  options: Pick<DonationOptions, 'links' | 'privateKey' | 'directory' | 'agent' | 'adapter' | 'watts' | 'clock' | 'logger'>
): Donor {
  const { links, privateKey, directory: target, agent, adapter, watts, clock = systemClock, logger = silent } = options
  const stated = watts === undefined ? {} : { watts }
  const about = () => ({ peer: links.self, addresses: links.addresses(), agent, adapter, ...stated })
  return new Donor({ links, target, privateKey, clock, logger, about })
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
  const life: Life = {
    donor: options.donor ?? donorOf(options),
    signal: stopping.signal,
    onServing: resolveServing,
    drainMs: 0,
    retried: false,
    paused: false,
    host: undefined
  }
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
    stats: () => life.host?.stats(),
    pause: paused => {
      life.paused = paused
      life.host?.pause(paused)
    },
    stop: async (ms = 0) => {
      life.drainMs = ms
      stopping.abort(new BusyError('the donor was stopped'))
      await ended
    }
  }
}

/** Why a donor no longer serves what it took: it was told to stop, its GPU failed, or it goes elsewhere. */
type End = { why: 'stopped' } | { why: 'failed'; error: ShoalError } | { why: 'moves'; move: Destination }

/** Resolves when asked to stop, or with the error that made serving impossible: at once, or after a second try. */
async function live(options: DonationOptions, life: Life): Promise<ShoalError | undefined> {
  const { onEvent = () => {}, random = Math.random, clock = systemClock } = options
  const choosing = { ...options, self: options.links.self, random, clock }
  onEvent({ state: 'placing' })
  let assignment = await chooseAssignment(choosing, life.signal)
  let before: Assignment | undefined
  let restMs = 0
  for (;;) {
    let end: End
    try {
      end = await host(options, assignment, life, restMs)
    } catch (thrown) {
      if (before === undefined || life.signal.aborted) throw thrown
      // What can't be loaded after a move sends the donor back to what it could serve.
      options.logger?.warn({ error: toShoalError(thrown).message, span: assignment.span }, 'the move failed')
      onEvent({ state: 'moving', from: assignment.span, to: before.span, model: before.manifest.digest, reason: 'failed' })
      assignment = before
      before = undefined
      restMs = FAILED_MOVE_REST_MS
      continue
    }
    restMs = 0
    if (end.why === 'stopped') return undefined
    if (end.why === 'moves') {
      const { assignment: next, reason } = end.move
      onEvent({ state: 'moving', from: assignment.span, to: next.span, model: next.manifest.digest, reason })
      before = assignment
      assignment = next
    } else {
      const { error } = end
      if (life.signal.aborted || life.retried || !isGpuTrouble(error)) return error
      life.retried = true
      onEvent({ state: 'retrying', span: assignment.span, error })
      await sleep(clock, RETRY_PAUSE_MS, life.signal)
      before = undefined
      assignment = await chooseSmaller(choosing, assignment, life.signal)
    }
  }
}

/**
 * Loads and serves until it is told to stop, something became of the GPU, or it moves, which it does not for `restMs`. Nothing
 * is announced any more then, but the span it moves to.
 */
async function host(options: DonationOptions, assignment: Assignment, life: Life, restMs: number): Promise<End> {
  const { links, others, onEvent = () => {}, random = Math.random, clock = systemClock, logger = silent } = options
  const { manifest: named, span } = assignment
  const { layers, width, vocabulary, contextLength } = named.manifest.hyperparameters
  const { signal, donor } = life
  const movable = options.span === undefined && !life.retried
  const { expectedDecodeRate } = options
  const loading = loadingOffer(assignment, expectedDecodeRate)
  let host: SpanHost | undefined
  let intended: Assignment | undefined
  let end: End | undefined
  const offersNow = (): SpanOffer[] => {
    if (host === undefined) return [loading]
    const offer = host.offer()
    // Between two spans it serves nothing; one that leaves, or whose GPU failed, goes nowhere either.
    const next =
      intended === undefined || (offer === undefined && end?.why !== 'moves') ? [] : [loadingOffer(intended, expectedDecodeRate)]
    if (offer === undefined) return next
    const how = { ...(movable ? { movable } : {}), ...(movable && others !== undefined ? { roams: true } : {}) }
    return [{ ...offer, ...how, ...(next.length > 0 ? { leaving: true } : {}) }, ...next]
  }
  const part = donor.announce(life, offersNow)
  let made: DonatedEngine | undefined
  try {
    signal.throwIfAborted()
    onEvent({ state: 'loading', span, progress: { bytesDone: 0, bytesTotal: 0 } })
    made = await options.createEngine(assignment, progress => onEvent({ state: 'loading', span, progress }), signal)
    signal.throwIfAborted()
    const model = { digest: named.digest, layers, width, vocabulary, contextLength }
    const { engine, rates } = made
    host = startHost({ links, engine, model, rates, onChange: () => part.changed(), clock, logger, server: donor.server })
    life.host = host
    host.pause(life.paused)
    part.changed()
    life.onServing(host)
    const intend = (to: Assignment | undefined) => {
      intended = to
      part.changed()
    }
    const moving = { ...options, self: links.self, random, clock }
    const served = { assignment, offer: host.offer }
    const moves = movable ? (ending: AbortSignal) => untilMoved(moving, served, intend, restMs, ending) : undefined
    const tell = (stats: HostStats) => onEvent({ state: 'serving', span, stats, decodeRate: rates.decode })
    end = await serve(host, engine, moves, tell, clock, signal)
    return end
  } catch (thrown) {
    const error = toShoalError(thrown)
    if (signal.aborted || !isGpuTrouble(error)) throw thrown
    return { why: 'failed', error }
  } finally {
    life.host = undefined
    onEvent({ state: 'leaving', span })
    if (end?.why === 'moves') {
      await handOver(host!, end.move, signal)
      part.hold()
    } else {
      // At once: a tab that is closed gets no more turns than this one, and a host that leaves refuses new chains anyway.
      const withdrawn = part.stop()
      await host?.goodbye(life.drainMs)
      await withdrawn
    }
    await made?.engine.close()
  }
}

/** Takes no new sessions, lets those that may end, and tells the drivers of the rest to go on elsewhere. */
async function handOver(host: SpanHost, { reason }: Destination, signal: AbortSignal): Promise<void> {
  // Sessions that wait for a hole wait for this move.
  const drained = host.goodbye(reason === 'hole' ? 0 : MOVE_DRAIN_MS)
  const hurry = () => void host.stop()
  if (signal.aborted) hurry()
  signal.addEventListener('abort', hurry, { once: true })
  await drained
  signal.removeEventListener('abort', hurry)
}

async function serve(
  host: SpanHost,
  engine: SpanEngine,
  moves: ((ending: AbortSignal) => Promise<Destination>) | undefined,
  onStats: (stats: HostStats) => void,
  clock: Clock,
  signal: AbortSignal
): Promise<End> {
  let forget = () => {}
  const repeat = () => {
    onStats(host.stats())
    forget = clock.after(STATS_INTERVAL_MS, repeat)
  }
  repeat()
  const ending = new AbortController()
  try {
    return await new Promise<End>((resolve, reject) => {
      if (signal.aborted) resolve({ why: 'stopped' })
      signal.addEventListener('abort', () => resolve({ why: 'stopped' }), { once: true })
      void engine.lost.then(error => resolve({ why: 'failed', error }))
      moves?.(ending.signal).then(move => resolve({ why: 'moves', move }), reject)
    })
  } finally {
    ending.abort(new BusyError('the span is served no more'))
    forget()
  }
}

function loadingOffer({ manifest: { digest, manifest }, span }: Assignment, expectedDecodeRate: number): SpanOffer {
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
