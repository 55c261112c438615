/**
 * Sends a hop's KV to its standby as it fills, below the steps: whole blocks between two runs, single positions when no
 * step is ready, a bounded number of bytes ahead of what the standby has acknowledged. Under load it lags and says by how
 * far. A standby that is lost is not replaced until the next epoch.
 */
import type { SequenceId } from '../engine/engine.ts'
import { BusyError, InvalidFrameError, PeerLostError, toShoalError } from '../errors.ts'
import { within } from '../wire/clock.ts'
import { errorOf } from '../wire/failure.ts'
import type { KvHeld, Open, OpenPlan, StandbyFrame, StandbyPeer } from '../wire/frames.pb.js'
import { Outbox } from '../wire/outbox.ts'
import { isOf } from '../wire/session-ids.ts'
import { MAX_PART_BYTES, standbyProtocol } from '../wire/standby-frames.ts'
import type { CheckedStep } from './check-step.ts'
import type { HopSession } from './hop-session.ts'
import type { HostContext } from './host-context.ts'
import { DIAL_MS, STANDBY_AHEAD_BYTES, STANDBY_PART_BYTES } from './limits.ts'
import type { Output } from './output.ts'
import type { SessionPart } from './session-part.ts'
import type { HostedSession } from './session-table.ts'
import type { StandbyLag } from './standbys.ts'

/** The bound on unacknowledged bytes is reached long before, unless parts are tiny. */
const OUTBOX_FRAMES = 64
/** Beats a lease: two may be lost or late. */
const BEATS_PER_LEASE = 3

export interface FedHop {
  context: HostContext<SessionPart>
  /** As its driver signed it: to the standby it proves who may send KV. */
  open: Open
  plan: OpenPlan
  index: number
  session: HostedSession<SessionPart>
  order: HopSession<CheckedStep, Output>
}

/** Starts feeding the hop's standby, where the plan names one. */
export function feedOf(hop: FedHop): StandbyFeed | undefined {
  const standby = hop.plan.hops[hop.index]!.standby
  return standby === undefined ? undefined : new StandbyFeed(hop, standby)
}

export class StandbyFeed implements StandbyLag {
  readonly #hop: FedHop
  readonly #ending = new AbortController()
  #out: Outbox<StandbyFrame> | undefined
  /** Positions below this one are executed and will not be taken back. */
  #ready: number
  /** Positions below are sent; undefined until the standby has told what it holds. */
  #sent: number | undefined
  #held = 0
  /** Of the part sent last. */
  #number = 0
  /** Bytes of parts sent and not acknowledged, by number. */
  readonly #ahead = new Map<number, number>()
  #aheadBytes = 0
  #pumping = false
  #waitsForRest = false
  #forgetBeat = () => {}

  constructor(hop: FedHop, standby: StandbyPeer) {
    this.#hop = hop
    this.#ready = hop.order.kvLength
    hop.context.standbys.feeds.add(this)
    void this.#run(standby)
  }

  get lag(): number {
    return Math.max(0, Math.min(this.#ready, this.#hop.order.kvLength) - this.#held)
  }

  /** A step has run and its KV is written. */
  ran({ position, count, head, parts }: CheckedStep): void {
    // A recovery's steps compute again what they had computed before.
    if (parts.length === 0 && position < this.#ready) this.#cut(position)
    // Head rows beyond the first are a draft's.
    this.#ready = Math.max(this.#ready, position + count - Math.max(0, head.rows - 1))
    this.#pump()
  }

  /** Frees the session on the standby; resolves when it has, or its time is up. */
  async close(): Promise<void> {
    const out = this.#out
    const { session, epoch } = this.#hop.plan
    out?.push({ close: { session, epoch } })
    this.#over()
    await out?.end(this.#hop.context.clock)
  }

  /** Ends the stream; what the standby has stays there for the next epoch. */
  end(): void {
    this.#over()
    void this.#out?.end(this.#hop.context.clock)
  }

  #over(): void {
    this.#ending.abort(new PeerLostError('the epoch is over'))
    this.#forgetBeat()
    this.#hop.context.standbys.feeds.delete(this)
  }

  async #run({ peer, addresses }: StandbyPeer): Promise<void> {
    const { context, open } = this.#hop
    const { links, clock, engine, logger } = context
    const { signal } = this.#ending
    try {
      if (engine.shape.kvPositionBytes > MAX_PART_BYTES)
        throw new InvalidFrameError(`a position's KV of ${engine.shape.kvPositionBytes} bytes is too large for a frame`)
      const channel = await within(clock, DIAL_MS, `dialling ${peer}`, signal, dialling =>
        links.dial(peer, addresses, standbyProtocol, dialling)
      )
      this.#out = new Outbox(channel, OUTBOX_FRAMES, () => this.end())
      if (signal.aborted) return this.#out.abort(toShoalError(signal.reason))
      this.#out.push({ open })
      this.#scheduleBeat()
      for await (const frame of channel.frames()) this.#take(frame)
    } catch (thrown) {
      if (!signal.aborted) logger.info({ session: this.#hop.session.key, peer }, `no standby: ${toShoalError(thrown).message}`)
    } finally {
      this.end()
    }
  }

  #take({ held, failure }: StandbyFrame): void {
    if (failure !== undefined) throw errorOf(failure)
    if (held === undefined) throw new InvalidFrameError('a frame that only goes the other way')
    if (!isOf(this.#hop.plan, held) || held.number > this.#number) throw new InvalidFrameError('held: of no part sent')
    this.#acknowledge(held)
    this.#pump()
  }

  #acknowledge({ number, position }: KvHeld): void {
    const { committed } = this.#hop.plan
    if (this.#sent === undefined) {
      if (position > committed) throw new InvalidFrameError(`held: ${position} positions of ${committed} committed`)
      this.#sent = position
    }
    this.#held = Math.min(position, this.#sent)
    for (const [part, bytes] of this.#ahead) {
      if (part > number) break
      this.#ahead.delete(part)
      this.#aheadBytes -= bytes
    }
  }

  /** What a step has taken back is taken back there too, before anything else is sent. */
  #cut(position: number): void {
    this.#ready = position
    if (this.#sent === undefined || this.#sent <= position) return
    this.#held = Math.min(this.#held, position)
    this.#send(position, 0, new Uint8Array(0))
  }

  #send(position: number, count: number, data: Uint8Array<ArrayBuffer>): void {
    const { context, plan } = this.#hop
    const number = ++this.#number
    this.#ahead.set(number, data.length)
    this.#aheadBytes += data.length
    this.#sent = position + count
    context.counters.bytesSent += data.length
    const { session, epoch } = plan
    if (!this.#out?.push({ part: { session, epoch, number, position, count, data } })) this.end()
  }

  #pump(): void {
    if (this.#pumping || this.#due() === 0) return
    this.#pumping = true
    this.#sendDue().then(
      () => {
        this.#pumping = false
        // Something may have become due since it was asked last.
        this.#pump()
      },
      thrown => {
        this.#pumping = false
        const { session, context } = this.#hop
        if (!this.#ending.signal.aborted)
          context.logger.info({ session: session.key }, `standby no longer fed: ${toShoalError(thrown).message}`)
        this.end()
      }
    )
  }

  async #sendDue(): Promise<void> {
    for (let count = this.#due(); count > 0; count = this.#due()) {
      const from = this.#sent!
      const number = this.#number
      const data = await this.#hop.context.engine.readKv(this.#sequence(), from, from + count)
      if (this.#ending.signal.aborted) return
      // A cut came in between: what was read may be of what is no more.
      if (number === this.#number) this.#send(from, count, data)
    }
  }

  #sequence(): SequenceId {
    const { sequence } = this.#hop.session
    if (sequence === undefined) throw new BusyError('the KV is gone')
    return sequence
  }

  /** How many positions go next; 0: none, until a step has run, the standby has acknowledged, or the steps rest. */
  #due(): number {
    const { context, order } = this.#hop
    const { engine, scheduler } = context
    const { kvPositionBytes, maxBatchTokens } = engine.shape
    const from = this.#sent
    if (from === undefined || this.#ending.signal.aborted || this.#aheadBytes >= STANDBY_AHEAD_BYTES) return 0
    const most = Math.min(maxBatchTokens, Math.max(1, Math.floor(STANDBY_PART_BYTES / kvPositionBytes)))
    const end = Math.min(this.#ready, order.kvLength)
    if (end <= from) return 0
    if (!scheduler.busy) return Math.min(end - from, most)
    const { tokensPerBlock } = engine.kv()
    const whole = end - (end % tokensPerBlock) - from
    if (whole > 0) return Math.min(whole, most)
    this.#whenRested()
    return 0
  }

  #whenRested(): void {
    if (this.#waitsForRest) return
    this.#waitsForRest = true
    void this.#hop.context.scheduler.rested().then(() => {
      this.#waitsForRest = false
      this.#pump()
    })
  }

  #scheduleBeat(): void {
    const { context, plan } = this.#hop
    const { session, epoch, leaseMs } = plan
    this.#forgetBeat = context.clock.after(leaseMs / BEATS_PER_LEASE, () => {
      this.#out?.pushLatest({ beat: { session, epoch } }, queued => queued.beat !== undefined)
      this.#scheduleBeat()
    })
  }
}
