/**
 * One peer's part in one epoch of a chain: it joins the previous peer's stream to the next one's, runs the steps between
 * them and answers for what goes wrong. The session outlives it; the next epoch's hop takes the session over.
 */
import type { SequenceId } from '../engine/engine.ts'
import {
  BusyError,
  InvalidFrameError,
  NonFiniteError,
  PeerLostError,
  type ShoalError,
  StaleEpochError,
  toShoalError
} from '../errors.ts'
import type { Channel } from '../wire/channel.ts'
import { failureOf } from '../wire/failure.ts'
import type { AnswerFrame, ChainFrame, HopState, Open, OpenPlan, RowRequest, Step } from '../wire/frames.pb.js'
import { keepWarm } from '../wire/keep-warm.ts'
import { verifyOpen } from '../wire/open-signature.ts'
import { Outbox } from '../wire/outbox.ts'
import { isOf, isOfEarlierEpoch } from '../wire/session-ids.ts'
import { standbyProtocol } from '../wire/standby-frames.ts'
import { AnswerPath } from './answer-path.ts'
import { withPeer } from './charge.ts'
import { checkOpen } from './check-open.ts'
import type { CheckedStep } from './check-step.ts'
import type { HopSession } from './hop-session.ts'
import type { HostContext } from './host-context.ts'
import { NextHop, OUTBOX_FRAMES } from './next-hop.ts'
import type { Output } from './output.ts'
import { replyTo } from './probe.ts'
import type { SessionPart } from './session-part.ts'
import { type HostedSession, sessionKey } from './session-table.ts'
import { feedOf, type StandbyFeed } from './standby-feed.ts'
import { StepRunner } from './step-runner.ts'
import { claimSession, takeOrder } from './take-session.ts'

export class Hop implements SessionPart {
  readonly #context: HostContext<SessionPart>
  readonly #previous: Outbox<ChainFrame>
  readonly #opening = new AbortController()
  #next: NextHop | undefined
  #plan: OpenPlan | undefined
  #index = 0
  #session: HostedSession<SessionPart> | undefined
  #order: HopSession<CheckedStep, Output> | undefined
  #answers: AnswerPath | undefined
  #runner: StepRunner<SessionPart> | undefined
  #feed: StandbyFeed | undefined
  #cool = () => {}
  #state: 'opening' | 'open' | 'over' = 'opening'

  constructor(context: HostContext<SessionPart>, previous: Channel<ChainFrame>) {
    this.#context = context
    this.#previous = new Outbox(previous, OUTBOX_FRAMES, () => this.previousLost())
  }

  /** KV positions written, for the next epoch to start from. */
  get order(): HopSession<CheckedStep, Output> | undefined {
    return this.#order
  }

  get #last(): boolean {
    return this.#index === (this.#plan?.hops.length ?? 0) - 1
  }

  /** Takes the open, passes it on and reports back; never rejects. */
  async open(open: Open): Promise<void> {
    try {
      const { signal } = this.#opening
      const plan = await verifyOpen(open)
      this.#plan = plan
      const { links, engine, model, clock } = this.#context
      const sender = this.#previous.channel.remotePeer
      this.#index = checkOpen(plan, { self: links.self, sender, shape: engine.shape, model, now: clock.now() })
      const known = this.#context.table.get(sessionKey(plan.driver, plan.session)) !== undefined
      const refusal = this.#context.refusing(known)
      if (refusal !== undefined) throw refusal
      signal.throwIfAborted()
      const own = await this.#takeSession(plan, signal)
      const rest = this.#last ? [] : await this.#openNext(open, plan, signal)
      signal.throwIfAborted()
      // Should a neighbour be lost, its standby takes its place: the way there is open by then.
      const around = [plan.hops[this.#index - 1]?.standby, plan.hops[this.#index + 1]?.standby]
      this.#cool = keepWarm(links, clock, standbyProtocol, around)
      this.#feed = feedOf({
        context: this.#context,
        open,
        plan,
        index: this.#index,
        session: this.#session!,
        order: this.#order!
      })
      this.#startRunner(plan)
      this.#state = 'open'
      this.#context.logger.debug({ session: this.#session?.key, epoch: plan.epoch, hop: this.#index }, 'hop open')
      this.#push({ opened: { session: plan.session, epoch: plan.epoch, hops: [own, ...rest] } })
    } catch (thrown) {
      const error = toShoalError(thrown)
      // Whoever has no room says so of itself: another peer may have some.
      this.fail(error instanceof BusyError ? withPeer(error, this.#context.links.self) : error)
    }
  }

  /** Takes one frame of the previous peer; never waits. */
  fromPrevious(frame: ChainFrame): void {
    if (this.#state === 'over') return
    try {
      if (frame.close !== undefined) void this.close()
      else if (frame.beat !== undefined) this.#beat(frame)
      else if (frame.probe !== undefined) this.#probe(frame)
      // A stream opens once: whatever opens it again is a copy.
      else if (frame.open !== undefined) return
      else if (this.#state !== 'open') throw new InvalidFrameError('a frame before the chain is open')
      else if (frame.step !== undefined) this.#step(frame.step)
      else if (frame.rowRequest !== undefined) this.#passRowRequest(frame.rowRequest)
      else throw new InvalidFrameError('a frame that only goes the other way')
    } catch (thrown) {
      const error = toShoalError(thrown)
      // What is late is not wrong.
      if (error instanceof StaleEpochError) return
      const charged = error instanceof InvalidFrameError || error instanceof NonFiniteError
      // The driver itself; a hop may have passed on what it could not know to be wrong.
      if (charged && this.#index === 0) this.#context.links.offended?.(this.#previous.channel.remotePeer)
      this.fail(charged ? withPeer(error, this.#previous.channel.remotePeer) : error)
    }
  }

  /** The previous peer sent what is no frame: the driver hears whose it was. */
  refused(error: InvalidFrameError): void {
    this.fail(withPeer(error, this.#previous.channel.remotePeer))
  }

  /** The previous peer is gone: work stops, the session waits for another epoch until its lease ends. */
  previousLost(): void {
    if (this.#state === 'over') return
    this.#over(new PeerLostError('the previous peer is gone'))
    this.#previous.abort(new PeerLostError('the stream has ended'))
    void this.#next?.out?.end(this.#context.clock)
    this.#freeIfEmpty()
  }

  /** Gives the driver's own stream to this session's answers. */
  attach(channel: Channel<AnswerFrame>, epoch: number): AnswerPath {
    if (this.#answers === undefined || this.#plan?.epoch !== epoch || this.#state !== 'open') {
      throw new StaleEpochError(`no answers of epoch ${epoch} here`)
    }
    this.#answers.attach(channel)
    return this.#answers
  }

  /** A later epoch takes over: this one ends without a word, its driver knows. */
  superseded(): void {
    if (this.#state === 'over') return
    this.#over(new StaleEpochError('a later epoch took over'))
    void this.#previous.end(this.#context.clock)
    void this.#next?.out?.end(this.#context.clock)
  }

  /** Behind running work: what it writes is accounted for. */
  async settled(): Promise<void> {
    const sequence = this.#session?.sequence
    if (sequence !== undefined) await this.#context.scheduler.idle(sequence)
  }

  /** Ends this epoch and tells the driver why. */
  fail(error: ShoalError): void {
    if (this.#state === 'over') return
    const opening = this.#state === 'opening'
    this.#over(error)
    this.#context.logger.info({ session: this.#session?.key, code: error.code, peer: error.details.peer }, error.message)
    if (this.#plan === undefined) {
      // Without a valid plan there is no session to speak of.
      this.#previous.abort(error)
      return
    }
    this.#previous.push({ failure: failureOf(this.#plan.session, this.#plan.epoch, error) })
    void this.#previous.end(this.#context.clock)
    void this.#next?.out?.end(this.#context.clock)
    if (opening) this.#freeIfEmpty()
  }

  /** Frees the session; its KV is back once this resolves. */
  async free(): Promise<void> {
    const session = this.#session
    if (session?.hop !== this || !this.#context.table.remove(session)) return
    this.#over(new StaleEpochError('the session has ended'))
    const { sequence } = session
    session.sequence = undefined
    if (sequence !== undefined) await this.#giveBack(sequence)
  }

  /** The lease ran out: frees here, and lets the neighbours find out from the ends of their streams. */
  async expire(): Promise<void> {
    this.fail(new PeerLostError('the lease ran out: nothing renewed it'))
    await this.free()
  }

  /** Frees here and on every hop after this one; resolves when they have, or their time is up. */
  async close(): Promise<void> {
    const next = this.#next?.out
    if (this.#plan !== undefined) next?.push({ close: { session: this.#plan.session, epoch: this.#plan.epoch } })
    const standbyFreed = this.#feed?.close()
    const freed = this.free()
    if (this.#state !== 'over') this.#over(new StaleEpochError('closed'))
    // Ends only once the next hop has: so whoever waits for our end knows that the whole chain is free.
    await next?.end(this.#context.clock)
    await standbyFreed
    await freed
    await this.#previous.end(this.#context.clock)
  }

  /** Resolves once the last frame to the previous peer is out, or its time is up. */
  async flushed(): Promise<void> {
    await this.#previous.end(this.#context.clock)
  }

  async #takeSession(plan: OpenPlan, signal: AbortSignal): Promise<HopState> {
    const { table, room } = this.#context
    const claim = claimSession(table, plan, this)
    this.#session = claim.session
    const { driver, reserveTokens: tokens, waitMs, background } = plan
    const reserve = (held: SequenceId | undefined) => room.take({ driver, held, tokens, waitMs, background }, signal)
    return this.#enter(plan, await takeOrder(this.#context, claim, plan, signal, reserve))
  }

  #enter(plan: OpenPlan, order: HopSession<CheckedStep, Output>): HopState {
    this.#order = order
    if (this.#last) this.#answers = new AnswerPath(this.#context.clock, this.#previous, () => keptAnswers(order))
    const kvLength = order.cut(plan.committed)
    const { logs } = this.#context
    const { key } = this.#session!
    logs.cut(key, kvLength)
    return { kvLength, ...logs.range(key) }
  }

  #startRunner(plan: OpenPlan): void {
    const place = {
      context: this.#context,
      plan,
      index: this.#index,
      session: this.#session!,
      order: this.#order!,
      live: () => this.#state === 'open',
      ran: (step: CheckedStep) => this.#feed?.ran(step),
      credit: (number: number) => this.#push({ credit: { session: plan.session, epoch: plan.epoch, number } }),
      fail: (error: ShoalError) => this.fail(error)
    }
    this.#runner = new StepRunner(place, this.#next?.out, this.#answers)
  }

  async #openNext(open: Open, plan: OpenPlan, signal: AbortSignal): Promise<HopState[]> {
    const { links, clock } = this.#context
    this.#next = new NextHop({
      links,
      clock,
      plan,
      index: this.#index,
      state: () => this.#state,
      pass: frame => this.#push(frame),
      failed: frame => this.#passFailure(frame),
      credit: number => this.#runner?.credit(number),
      lost: error => this.fail(error)
    })
    return await this.#next.open(open, signal)
  }

  #passFailure(frame: ChainFrame): void {
    const opening = this.#state === 'opening'
    this.#over(new PeerLostError('a later hop failed'))
    this.#previous.push(frame)
    void this.#previous.end(this.#context.clock)
    void this.#next?.out?.end(this.#context.clock)
    if (opening) this.#freeIfEmpty()
  }

  #step(step: Step): void {
    this.#assertOfSession(step)
    this.#runner?.take(step)
    this.#context.table.renew(this.#session!)
  }

  #passRowRequest(rowRequest: RowRequest): void {
    this.#assertOfSession(rowRequest)
    this.#context.table.renew(this.#session!)
    if (!this.#last) {
      this.#next?.out?.push({ rowRequest })
      return
    }
    void this.#runner?.answerRow(rowRequest)
  }

  /** Takes a row request off the driver's own stream. @throws InvalidFrameError */
  answerRowDirectly(rowRequest: RowRequest): void {
    if (this.#state === 'open' && isOf(this.#plan!, rowRequest)) this.#passRowRequest(rowRequest)
  }

  #beat(frame: ChainFrame): void {
    if (this.#session === undefined) return
    this.#assertOfSession(frame.beat!)
    this.#context.table.renew(this.#session)
    this.#next?.out?.pushLatest(frame, queued => queued.beat !== undefined)
  }

  #probe(frame: ChainFrame): void {
    // Until the plan is checked there is no place in a chain to answer for.
    if (this.#session === undefined || this.#plan === undefined) return
    const probe = frame.probe!
    this.#assertOfSession(probe)
    const { table, scheduler, clock } = this.#context
    table.renew(this.#session)
    this.#next?.out?.pushLatest(frame, queued => queued.probe !== undefined)
    const place = { plan: this.#plan, index: this.#index, order: this.#order, run: scheduler.current, now: clock.now() }
    const passedOn = this.#last || this.#next?.out !== undefined
    this.#push({ probeReply: replyTo(probe, { ...place, passedOn, dialledAt: this.#next?.dialledAt }) })
  }

  #push(frame: ChainFrame): void {
    const taken =
      frame.credit === undefined
        ? this.#previous.push(frame)
        : this.#previous.pushLatest(frame, queued => queued.credit !== undefined)
    // Nobody reads: the same as nobody being there.
    if (!taken) this.previousLost()
  }

  #over(reason: ShoalError): void {
    this.#state = 'over'
    this.#opening.abort(reason)
    this.#answers?.end()
    this.#feed?.end()
    this.#cool()
  }

  /** A session without KV content has nothing a later epoch could want. */
  #freeIfEmpty(): void {
    if ((this.#order?.kvLength ?? 0) === 0) void this.free()
  }

  async #giveBack(sequence: SequenceId): Promise<void> {
    await this.#context.scheduler.idle(sequence)
    await this.#context.room.give(sequence)
  }

  #assertOfSession(body: { session: Uint8Array; epoch: number }): void {
    const plan = this.#plan!
    if (isOf(plan, body)) return
    if (isOfEarlierEpoch(plan, body)) throw new StaleEpochError('a frame of an epoch that is over')
    throw new InvalidFrameError('a frame of another session')
  }
}

function keptAnswers(order: HopSession<CheckedStep, Output>) {
  return order.kept().flatMap(output => ('answer' in output ? [output.answer] : []))
}
