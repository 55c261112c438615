/**
 * A host: one span of one model served to whoever's signed open names this peer. It says what it can offer, counts what
 * it does, and leaves politely.
 */
import type { SpanEngine } from '../engine/engine.ts'
import { BusyError, errorFromCode, PeerLeavingError, type ShoalError } from '../errors.ts'
import type { SpanOffer } from '../swarm/types.ts'
import type { Links } from '../wire/channel.ts'
import { type Clock, sleep, systemClock } from '../wire/clock.ts'
import { silent, type WireLogger } from '../wire/log.ts'
import { ActivationLogs } from './activation-logs.ts'
import type { ModelFacts } from './check-open.ts'
import { Hop } from './hop.ts'
import { HopServer } from './hop-server.ts'
import type { HostContext, HostCounters } from './host-context.ts'
import { KvRoom } from './kv-room.ts'
import { BUSY_RETRY_MS, LOG_BYTES } from './limits.ts'
import type { MeasuredRates } from './run-costs.ts'
import { Scheduler, type Waits } from './scheduler.ts'
import type { SessionPart } from './session-part.ts'
import { SessionTable } from './session-table.ts'
import { Standbys } from './standbys.ts'

/** Changes in load smaller than this interval are told together. */
const CHANGE_INTERVAL_MS = 1_000
/** Whose wait is announced: a question, or what a conversation has more than a moment ago. */
const USUAL_PROMPT_TOKENS = 64
/** How often a draining host looks whether its sessions have ended. */
const DRAIN_POLL_MS = 50

export interface HostOptions {
  links: Links
  engine: SpanEngine
  model: ModelFacts
  rates: MeasuredRates
  /** First come, first served, instead of decode first and prompts in their turn: to measure what that brings. */
  inArrivalOrder?: boolean
  /** The offer has changed, or is withdrawn. */
  onChange?: () => void
  /** Bytes of outputs logged for recovery, over all sessions. Default: LOG_BYTES. */
  logBytes?: number
  clock?: Clock
  logger?: WireLogger
  /** Of a peer that holds spans of other models as well. Default: one of its own. */
  server?: HopServer
  /** Stops the host. */
  signal?: AbortSignal
}

export interface HostStats extends HostCounters {
  sessions: number
  kvTokens: number
  freeKvTokens: number
  /** Of outputs logged for recovery. */
  logBytes: number
  /** Sessions among them for which it stands by for another peer's hop. */
  standingBy: number
  waits: Waits
  /** Positions that its own hops' standbys have yet to get. */
  standbyLag: number
}

export interface SpanHost {
  /** What this peer can serve now; undefined once it takes no new sessions. */
  offer: () => SpanOffer | undefined
  stats: () => HostStats
  /** While paused nothing is offered and no session begins; running ones go on, and the span stays loaded. */
  pause: (paused: boolean) => void
  /** Takes no new sessions, gives the running ones up to `drainMs` to end, then tells their drivers to go elsewhere. */
  goodbye: (drainMs?: number) => Promise<void>
  /** Ends everything at once and frees the KV; the engine stays open. */
  stop: () => Promise<void>
}

export function startHost(options: HostOptions): SpanHost {
  const {
    links,
    engine,
    model,
    rates,
    onChange = () => {},
    logBytes = LOG_BYTES,
    clock = systemClock,
    logger = silent,
    server,
    signal
  } = options
  let refusal: ShoalError | undefined
  let paused: ShoalError | undefined
  let changeDue = false
  const counters: HostCounters = { tokensServed: 0, bytesReceived: 0, bytesSent: 0 }
  const changed = () => {
    if (changeDue) return
    changeDue = true
    clock.after(CHANGE_INTERVAL_MS, () => {
      changeDue = false
      if (refusal === undefined) onChange()
    })
  }
  const logs = new ActivationLogs(logBytes)
  const standbys = new Standbys()
  const table: SessionTable<SessionPart> = new SessionTable(clock, {
    expired: session => void session.hop.expire(),
    removed: session => logs.drop(session.key),
    changed
  })
  const context: HostContext<SessionPart> = {
    links,
    engine,
    model,
    scheduler: new Scheduler(engine, clock, rates, options.inArrivalOrder),
    room: new KvRoom(engine, clock, { yieldOne: () => standbys.yieldOne(), preempt: driver => preempt(driver) }),
    table,
    logs,
    standbys,
    clock,
    logger,
    refusing: known => refusal ?? (known ? undefined : paused),
    counters
  }
  const preempt = async (driver: string) => {
    // The newest has least to replay.
    const newest = table.all().findLast(({ driver: whose, hop, sequence }) => whose === driver && hop instanceof Hop && sequence)
    if (newest === undefined) return
    newest.hop.fail(new BusyError('other drivers wait for their share of KV', { peer: links.self, retryAfterMs: BUSY_RETRY_MS }))
    await newest.hop.free()
  }
  const unserve = (server ?? new HopServer(links, clock)).add(context)

  const refuse = (reason: ShoalError) => {
    if (refusal !== undefined) return
    refusal = reason
    onChange()
  }
  const endAll = async (reason: ShoalError) => {
    await Promise.all(
      table.all().map(async ({ hop }) => {
        hop.fail(reason)
        await hop.free()
        await hop.flushed()
      })
    )
  }
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= (async () => {
      signal?.removeEventListener('abort', onAbort)
      refuse(leaving(links.self))
      await endAll(leaving(links.self))
      unserve()
    })()
    return stopping
  }
  const onAbort = () => void stop()
  signal?.addEventListener('abort', onAbort, { once: true })
  void engine.lost.then(error => {
    refuse(error)
    return endAll(withSelf(error, links.self))
  })

  const kv = () => {
    const { tokensPerBlock, totalBlocks, freeBlocks } = engine.kv()
    return { kvTokens: tokensPerBlock * totalBlocks, freeKvTokens: tokensPerBlock * freeBlocks }
  }
  return {
    offer: () =>
      (refusal ?? paused) === undefined
        ? {
            model: model.digest,
            layers: model.layers,
            span: engine.shape.span,
            state: 'serving',
            numerics: engine.shape.numerics,
            int8: true,
            prefillRate: rates.prefill,
            decodeRate: rates.decode,
            freeKvTokens: kv().freeKvTokens + standbys.heldTokens(engine.kv().tokensPerBlock),
            queueMs: Math.round(context.scheduler.waitMs(USUAL_PROMPT_TOKENS)),
            sessions: table.size - standbys.held.size,
            demand: table.demand.perMinute
          }
        : undefined,
    stats: () => ({
      sessions: table.size,
      ...kv(),
      logBytes: logs.bytes,
      standingBy: standbys.held.size,
      standbyLag: standbys.lag,
      waits: context.scheduler.waits,
      ...counters
    }),
    pause: wanted => {
      if (wanted === (paused !== undefined)) return
      paused = wanted ? new BusyError(`${links.self} is paused`, { peer: links.self }) : undefined
      if (refusal === undefined) onChange()
    },
    goodbye: async (drainMs = 0) => {
      refuse(leaving(links.self))
      await standbys.yieldAll()
      const until = clock.now() + drainMs
      while (table.size > 0 && clock.now() < until) await sleep(clock, Math.min(DRAIN_POLL_MS, until - clock.now()))
      await stop()
    },
    stop
  }
}

function leaving(peer: string): PeerLeavingError {
  return new PeerLeavingError(`${peer} is leaving`, { peer })
}

function withSelf(error: ShoalError, peer: string): ShoalError {
  return errorFromCode(error.code, error.message, { ...error.details, peer })
}
