/**
 * One peer's part in a session as the standby of a hop: it keeps the hop's KV as that fills, and computes nothing. When the
 * hop is lost, the next epoch names this peer in its place and its KV is already here. The first hop's prompt is as
 * readable in its KV as to the hop itself.
 */
import {
  BusyError,
  GapError,
  InvalidFrameError,
  NonFiniteError,
  PeerLostError,
  type ShoalError,
  StaleEpochError,
  toShoalError
} from '../errors.ts'
import type { Channel } from '../wire/channel.ts'
import { failureOf } from '../wire/failure.ts'
import type { KvPart, Open, OpenPlan, StandbyFrame } from '../wire/frames.pb.js'
import { verifyOpen } from '../wire/open-signature.ts'
import { Outbox } from '../wire/outbox.ts'
import { isOf, isOfEarlierEpoch } from '../wire/session-ids.ts'
import { withPeer } from './charge.ts'
import { checkStandbyOpen } from './check-open.ts'
import type { CheckedStep } from './check-step.ts'
import type { HopSession } from './hop-session.ts'
import type { HostContext } from './host-context.ts'
import { BUSY_RETRY_MS, MAX_STANDBYS } from './limits.ts'
import type { Output } from './output.ts'
import type { SessionPart } from './session-part.ts'
import { type HostedSession, sessionKey } from './session-table.ts'
import type { HeldStandby } from './standbys.ts'
import { claimSession, takeOrder } from './take-session.ts'

/** Acknowledgements of what the bound on unacknowledged bytes lets come. */
const OUTBOX_FRAMES = 64

export class Standby implements SessionPart, HeldStandby {
  readonly #context: HostContext<SessionPart>
  readonly #hop: Outbox<StandbyFrame>
  readonly #opening = new AbortController()
  #plan: OpenPlan | undefined
  #session: HostedSession<SessionPart> | undefined
  #order: HopSession<CheckedStep, Output> | undefined
  /** The number the next part must have. */
  #next = 1
  #writing: Promise<void> = Promise.resolve()
  #freed: Promise<void> | undefined
  /** 'left': the hop is gone, and what it sent waits here for the next epoch until the lease ends. */
  #state: 'opening' | 'open' | 'left' | 'over' = 'opening'

  constructor(context: HostContext<SessionPart>, hop: Channel<StandbyFrame>) {
    this.#context = context
    this.#hop = new Outbox(hop, OUTBOX_FRAMES, () => this.hopLost())
  }

  get order(): HopSession<CheckedStep, Output> | undefined {
    return this.#order
  }

  get tokens(): number {
    return this.#session?.reserve ?? 0
  }

  /** Takes the hop's open and tells what is held already; never rejects. */
  async open(open: Open): Promise<void> {
    try {
      const { signal } = this.#opening
      const plan = await verifyOpen(open)
      this.#plan = plan
      const { links, engine, model, clock, table, room, logs, standbys, refusing } = this.#context
      const sender = this.#hop.channel.remotePeer
      checkStandbyOpen(plan, { self: links.self, sender, shape: engine.shape, model, now: clock.now() })
      const known = table.get(sessionKey(plan.driver, plan.session)) !== undefined
      const refusal = refusing(known)
      if (refusal !== undefined) throw refusal
      signal.throwIfAborted()
      if (standbys.held.size >= MAX_STANDBYS && !known)
        throw new BusyError(`this peer stands by for ${MAX_STANDBYS} hops`, { retryAfterMs: BUSY_RETRY_MS })
      const claim = claimSession(table, plan, this)
      this.#session = claim.session
      standbys.held.add(this)
      const order = await takeOrder(this.#context, claim, plan, signal, held => room.takeSpare(plan.reserveTokens, held))
      signal.throwIfAborted()
      this.#order = order
      logs.cut(claim.session.key, order.cut(plan.committed))
      this.#state = 'open'
      this.#tellHeld(0)
    } catch (thrown) {
      this.fail(toShoalError(thrown))
    }
  }

  /** Takes one frame of the hop; resolves when the next may come, so that what comes too fast waits outside. Never rejects. */
  async take(frame: StandbyFrame): Promise<void> {
    // A stream opens once: whatever opens it again is a copy.
    if (this.#state !== 'open' || frame.open !== undefined) return
    try {
      const { part, beat, close } = frame
      const body = part ?? beat ?? close
      if (body === undefined) throw new InvalidFrameError('a frame that only goes the other way')
      if (isOfEarlierEpoch(this.#plan!, body)) return
      if (!isOf(this.#plan!, body)) throw new InvalidFrameError('a frame of another session')
      this.#context.table.renew(this.#session!)
      if (close !== undefined) await this.close()
      if (part !== undefined) await this.#keep(part)
    } catch (thrown) {
      const error = toShoalError(thrown)
      const charged = error instanceof InvalidFrameError || error instanceof NonFiniteError
      this.fail(charged ? withPeer(error, this.#hop.channel.remotePeer) : error)
    }
  }

  /** The hop or the way to it is gone: the next epoch may want what is here. */
  hopLost(): void {
    if (this.#state === 'over' || this.#state === 'left') return
    if (this.#state === 'opening' || (this.#order?.kvLength ?? 0) === 0) {
      this.fail(new PeerLostError('the hop is gone'))
      return
    }
    this.#state = 'left'
    void this.#hop.end(this.#context.clock)
  }

  superseded(): void {
    if (this.#state === 'over') return
    this.#over(new StaleEpochError('a later epoch took over'))
    void this.#hop.end(this.#context.clock)
  }

  async settled(): Promise<void> {
    await this.#writing
  }

  /** A standby that failed is none: frees the session too. */
  fail(error: ShoalError): void {
    if (this.#state === 'over') return
    this.#over(error)
    void this.free()
    this.#context.logger.info({ session: this.#session?.key, code: error.code }, `no longer standing by: ${error.message}`)
    if (this.#plan === undefined) this.#hop.abort(error)
    else this.#hop.push({ failure: failureOf(this.#plan.session, this.#plan.epoch, error) })
    void this.#hop.end(this.#context.clock)
  }

  free(): Promise<void> {
    this.#freed ??= this.#free()
    return this.#freed
  }

  async expire(): Promise<void> {
    this.fail(new PeerLostError('the lease ran out: nothing renewed it'))
    await this.free()
  }

  async close(): Promise<void> {
    await this.free()
    await this.#hop.end(this.#context.clock)
  }

  async flushed(): Promise<void> {
    await this.#hop.end(this.#context.clock)
  }

  async yieldRoom(): Promise<void> {
    this.fail(new BusyError('an open wants the KV', { retryAfterMs: BUSY_RETRY_MS }))
    await this.free()
  }

  /** Parts are numbered: a copy or a late one never undoes newer ones. @throws GapError, InvalidFrameError, what the engine throws */
  async #keep({ number, position, count, data }: KvPart): Promise<void> {
    const { engine, logs, counters } = this.#context
    const order = this.#order!
    const { key, reserve } = this.#session!
    counters.bytesReceived += data.length
    if (number < this.#next) return
    if (number > this.#next) throw new GapError(`part ${number} of the KV, ${this.#next} expected`, { have: this.#next })
    if (position > order.kvLength || position + count > reserve)
      throw new InvalidFrameError(`part: ${count} positions from ${position}, ${order.kvLength} held of ${reserve}`)
    const bytes = count * engine.shape.kvPositionBytes
    if (data.length !== bytes) throw new InvalidFrameError(`part: ${data.length} bytes of ${count} positions, ${bytes} expected`)
    this.#next = number + 1
    logs.cut(key, order.cut(position))
    if (count > 0) {
      const written = this.#write(position, count, data)
      this.#writing = written.catch(() => {})
      await written
    }
    this.#tellHeld(number)
  }

  async #write(position: number, count: number, data: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#context.engine.writeKv(this.#session!.sequence!, position, data)
    // Counted even where the epoch has ended meanwhile: the next one waits for it.
    this.#order!.ran({ epoch: this.#plan!.epoch, number: 0, position, count })
  }

  #tellHeld(number: number): void {
    if (this.#state !== 'open') return
    const { session, epoch } = this.#plan!
    const held = { session, epoch, number, position: this.#order!.kvLength }
    if (!this.#hop.push({ held })) this.hopLost()
  }

  async #free(): Promise<void> {
    const { table, scheduler, room } = this.#context
    const session = this.#session
    if (session?.hop !== this || !table.remove(session)) return
    this.#over(new StaleEpochError('the session has ended'))
    const { sequence } = session
    session.sequence = undefined
    if (sequence === undefined) return
    // Steps of an earlier epoch, when this peer was a hop.
    await scheduler.idle(sequence)
    await this.#writing
    await room.give(sequence)
  }

  #over(reason: ShoalError): void {
    this.#state = 'over'
    this.#context.standbys.held.delete(this)
    this.#opening.abort(reason)
  }
}
