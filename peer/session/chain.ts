/**
 * The driver's end of one epoch's chain: sends numbered steps within the credit, takes each answer once and in order from
 * whichever way it comes, keeps the lease alive and frees everything in the end.
 */
import type { PrivateKey } from '@libp2p/interface'
import { InvalidFrameError, NonFiniteError, PeerLostError, type ShoalError, toShoalError } from '../errors.ts'
import { peersOf } from '../swarm/standbys.ts'
import type { Route, RouteHop } from '../swarm/types.ts'
import type { Channel, Links } from '../wire/channel.ts'
import { type Clock, within } from '../wire/clock.ts'
import { errorOf } from '../wire/failure.ts'
import type {
  Answer,
  AnswerFrame,
  ChainFrame,
  Encoding,
  HeadAsk,
  HopState,
  Opened,
  Row,
  RowRequest,
  Step
} from '../wire/frames.pb.js'
import { Outbox } from '../wire/outbox.ts'
import { answerProtocol } from '../wire/protocols.ts'
import { Part } from '../wire/step-parts.ts'
import { chargeSender, chargeWithin } from './blame.ts'
import { type Awaited, ChainWatch } from './chain-watch.ts'
import { Changes } from './changes.ts'
import { checkAnswer, checkRow, logitsOf } from './check-answer.ts'
import { closeHop } from './close-hop.ts'
import type { Pace } from './pace.ts'

/** A window of steps with their re-sends, beats and row requests. */
const OUTBOX_FRAMES = 256
/** Dialling one hop; WebRTC's signalling over a relay takes seconds. */
export const DIAL_MS = 16_000
/** A hop ends a stream on which nothing comes for twice as long; opening may wait for KV. */
const UNUSED_MS = 5_000
/** Bytes of one value of a hidden state: f16 unless it would overflow. */
const VALUE_BYTES = 2

export interface ChainModel {
  /** Manifest digest, lower-case hex. */
  digest: string
  layers: number
  width: number
  vocabulary: number
  contextLength: number
}

export interface ChainOptions {
  links: Links
  privateKey: PrivateKey
  clock: Clock
  model: ChainModel
  route: Route
  session: Uint8Array<ArrayBuffer>
  epoch: number
  /** KV positions to reserve on every hop. */
  reserveTokens: number
  /** Tokens accepted so far: what hops hold beyond is cut. */
  committed: number
  /** Nobody reads along: where others wait, this session waits longer. */
  background: boolean
  leaseMs: number
  /** How long each hop may queue for KV. */
  waitMs: number
  encoding: Encoding
  /** Steps in flight to the first hop. */
  window: number
  /** Without progress for this long the chain counts as lost, though every hop answers. */
  stallMs: number
  /** How long a hop may be dialled; Infinity: as long as that takes. */
  reachMs: (hop: RouteHop) => number
  /** What the session has measured on this and earlier chains. */
  pace: Pace
  /** Whether this process stood still a moment ago, so that what it measured means nothing. */
  stoodStill: () => boolean
}

/** A step as the driver asks for it; numbering is the chain's. */
export interface StepRequest {
  position: number
  tokens: readonly number[]
  /** Of the prompt, after these. */
  promptLeft: number
  head: HeadAsk | undefined
  /** Each hop's part, empty when all run the step. */
  parts: Part[]
}

export class Chain {
  readonly epoch: number
  readonly route: Route
  /** Positions that steps sent so far fill. */
  fed = 0
  readonly #options: ChainOptions
  readonly #out: Outbox<ChainFrame>
  #direct: Outbox<AnswerFrame> | undefined
  #opened: Opened | undefined
  #failure: ShoalError | undefined
  #closed = false
  #sent = 0
  #credited = 0
  /** Steps sent and not answered, for sending again. */
  readonly #unanswered = new Map<number, { step: Step; sentAt: number }>()
  /** Answers with rows that nobody has taken yet. */
  readonly #answers = new Map<number, Answer>()
  #row: Row | undefined
  #rowRequest: RowRequest | undefined
  readonly #changes = new Changes()
  readonly #watch: ChainWatch
  #forgetBeat = () => {}
  /** Most steps in flight to the first hop so far. */
  mostInFlight = 0

  constructor(options: ChainOptions, channel: Channel<ChainFrame>) {
    this.#options = options
    this.epoch = options.epoch
    this.route = options.route
    this.#out = new Outbox(channel, OUTBOX_FRAMES, error => this.#fail(error))
    const { clock, route, pace, stallMs, reachMs } = options
    this.#watch = new ChainWatch({
      clock,
      route,
      pace,
      stallMs,
      reachMs,
      awaited: () => this.#awaited(),
      probe: number => this.#out.pushLatest({ probe: { ...this.#ids, number } }, queued => queued.probe !== undefined),
      resend: times => this.#resend(times),
      fail: error => this.#fail(error)
    })
  }

  /** What each hop held when it opened. */
  get hopStates(): HopState[] {
    return this.#opened?.hops ?? []
  }

  /** Somebody has seen the peer go: is it still there? */
  suspect(peer: string): void {
    this.#watch.hint(peer)
  }

  /** Sends the open and resolves when every hop has answered it. Called once, by `openChain`. */
  async start(frame: ChainFrame): Promise<void> {
    this.#out.push(frame)
    void this.#read()
    this.#scheduleBeat()
    this.#watch.sent()
    const expected = this.route.hops.length
    if (expected > 1) void this.#attach()
    await this.#until(() => this.#opened !== undefined)
    if (this.#opened!.hops.length !== expected)
      throw this.#fail(new InvalidFrameError(`opened by ${this.#opened!.hops.length} hops of ${expected}`))
    this.#watch.progress()
  }

  /** Sends a step once the credit allows it; resolves to its number. @throws what ended the chain */
  async step(request: StepRequest, signal: AbortSignal): Promise<number> {
    await this.#until(() => this.#sent - this.#credited < this.#options.window, signal)
    const { position, tokens, head, parts, promptLeft } = request
    const number = ++this.#sent
    this.mostInFlight = Math.max(this.mostInFlight, this.#sent - this.#credited)
    const step: Step = { ...this.#ids, number, position, count: tokens.length, timings: [], parts, promptLeft }
    if ((parts[0] ?? Part.run) === Part.run) step.tokens = { ids: [...tokens] }
    if (head !== undefined) step.head = head
    this.#unanswered.set(number, { step, sentAt: this.#options.clock.now() })
    this.fed = position + tokens.length
    if (!this.#out.push({ step })) throw this.#fail(this.#lostFirst('does not take steps'))
    this.#watch.sent()
    return number
  }

  /** The answer of a step that asked for rows. @throws what ended the chain */
  async answer(number: number, signal: AbortSignal): Promise<Answer> {
    await this.#until(() => this.#answers.has(number), signal)
    const answer = this.#answers.get(number)!
    this.#answers.delete(number)
    return answer
  }

  /** Every logit of one row of the step answered last. @throws what ended the chain */
  async row(number: number, row: number, signal: AbortSignal): Promise<Float32Array> {
    this.#rowRequest = { ...this.#ids, number, row }
    this.#askForRow(0)
    this.#watch.sent()
    try {
      await this.#until(() => this.#row?.number === number && this.#row.row === row, signal)
    } finally {
      this.#rowRequest = undefined
    }
    const logits = logitsOf(this.#row!)
    this.#row = undefined
    return logits
  }

  /** Frees the session on every hop, whatever state the chain is in; bounded in time, never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { clock } = this.#options
    const whole = this.#failure === undefined
    this.#stop()
    if (whole) {
      this.#out.push({ close: this.#ids })
      // The first hop ends its side when every hop after it has; one that does not is freed by itself.
      if (await this.#out.end(clock)) return
    }
    await Promise.all(peersOf(this.route).map(peer => closeHop(this.#options, peer)))
  }

  /** Ends the epoch here without freeing the session: a later epoch takes over. */
  abandon(): void {
    this.#closed = true
    this.#stop()
    this.#out.abort(new PeerLostError('the epoch is over'))
  }

  get #ids() {
    return { session: this.#options.session, epoch: this.epoch }
  }

  #stop(): void {
    this.#failure ??= new PeerLostError('the chain is closed')
    this.#forgetBeat()
    this.#watch.stop()
    void this.#direct?.end(this.#options.clock)
    this.#direct = undefined
    this.#changes.happened()
  }

  async #read(): Promise<void> {
    try {
      for await (const frame of this.#out.channel.frames()) {
        const { opened, answer, row, credit, failure, probeReply } = frame
        const body = opened ?? answer ?? row ?? credit ?? failure ?? probeReply
        if (body === undefined || !this.#isMine(body)) continue
        if (failure !== undefined) throw chargeWithin(this.route, errorOf(failure))
        if (opened !== undefined) this.#opened ??= opened
        if (answer !== undefined) this.#take(answer)
        if (row !== undefined) this.#takeRow(row)
        if (credit !== undefined) this.#credit(credit.number)
        if (probeReply !== undefined) this.#watch.replied(probeReply)
        this.#changes.happened()
      }
      this.#fail(this.#lostFirst('ended the chain'))
    } catch (thrown) {
      this.#fail(chargeSender(toShoalError(thrown), this.route.hops[0]!.peer))
    }
  }

  /** The stream to the last hop is worth having, never necessary. It is dialled while the chain opens. */
  async #attach(): Promise<void> {
    const { clock } = this.#options
    const { peer } = this.route.hops.at(-1)!
    let direct: Outbox<AnswerFrame> | undefined
    try {
      const dialledAt = clock.now()
      direct = await this.#dialLast()
      await this.#until(() => this.#opened !== undefined)
      if (clock.now() - dialledAt > UNUSED_MS) {
        void direct.end(clock)
        direct = await this.#dialLast()
      }
      if (this.#failure !== undefined) return
      this.#direct = direct
      direct.push({ attach: this.#ids })
      for await (const { answer, row } of direct.channel.frames()) {
        if (answer !== undefined && this.#isMine(answer)) this.#take(answer)
        if (row !== undefined && this.#isMine(row)) this.#takeRow(row)
        this.#changes.happened()
      }
    } catch (thrown) {
      // A lying last hop ends the chain; a missing stream does not.
      if (thrown instanceof InvalidFrameError || thrown instanceof NonFiniteError) this.#fail(chargeSender(thrown, peer))
    } finally {
      if (direct !== undefined && this.#direct === direct) this.#direct = undefined
      void direct?.end(clock)
    }
  }

  async #dialLast(): Promise<Outbox<AnswerFrame>> {
    const { links, clock } = this.#options
    const { peer, addresses } = this.route.hops.at(-1)!
    const channel = await within(clock, DIAL_MS, `dialling ${peer}`, undefined, signal =>
      links.dial(peer, addresses, answerProtocol, signal)
    )
    return new Outbox(channel, OUTBOX_FRAMES, () => {})
  }

  /** Takes each expected answer once. */
  #take(answer: Answer): void {
    const waiting = this.#unanswered.get(answer.number)
    if (waiting === undefined) return
    const { step, sentAt } = waiting
    checkAnswer(answer, step, this.#options.model.vocabulary, this.route)
    this.#unanswered.delete(answer.number)
    if (answer.rows.length > 0) this.#answers.set(answer.number, answer)
    const { clock, pace, stoodStill } = this.#options
    if (step.parts.length === 0 && !stoodStill()) pace.answered(this.route, step.count, answer.timings, clock.now() - sentAt)
    this.#credit(answer.number)
    this.#watch.progress()
  }

  #takeRow(row: Row): void {
    checkRow(row, this.#options.model.vocabulary, this.route)
    // A second copy of one that was taken must not pass for the one that is awaited now.
    if (row.number !== this.#rowRequest?.number || row.row !== this.#rowRequest.row) return
    this.#row = row
    this.#rowRequest = undefined
    this.#watch.progress()
  }

  #credit(number: number): void {
    if (number > this.#sent)
      throw new InvalidFrameError(`credit for step ${number} of ${this.#sent}`, { peer: this.route.hops[0]!.peer })
    // The first hop credits a step anew each time it is sent again, whatever has become of the hops after it.
    if (number <= this.#credited) return
    this.#credited = number
    if (this.#opened !== undefined) this.#watch.progress()
  }

  #awaited(): Awaited | undefined {
    if (this.#failure !== undefined) return undefined
    if (this.#opened === undefined) return { step: undefined, tokens: 0, bytes: 0 }
    const waiting = [...this.#unanswered.values()].map(({ step }) => step)
    const oldest = waiting[0]
    if (oldest === undefined) return this.#rowRequest && { step: this.#rowRequest.number, tokens: 1, bytes: 0 }
    const positions = waiting.reduce((sum, { count }) => sum + (count > 1 ? count : 0), 0)
    return { step: oldest.number, tokens: oldest.count, bytes: positions * this.#options.model.width * VALUE_BYTES }
  }

  /** Hops repeat what they have done, and do what they have not got. */
  #resend(times: number): void {
    // What has not come over the stream to the last hop the first time is better sent along the chain.
    if (times > 0) this.#direct?.abort(new PeerLostError('no answer comes over the stream'))
    for (const { step } of this.#unanswered.values()) this.#out.push({ step })
    this.#askForRow(times)
  }

  #askForRow(times: number): void {
    const rowRequest = this.#rowRequest
    if (rowRequest === undefined) return
    const direct = times === 0 && this.#direct?.push({ rowRequest })
    if (!direct) this.#out.push({ rowRequest })
  }

  #scheduleBeat(): void {
    // A third of the lease: two beats may be lost or late.
    this.#forgetBeat = this.#options.clock.after(this.#options.leaseMs / 3, () => {
      this.#out.pushLatest({ beat: this.#ids }, queued => queued.beat !== undefined)
      this.#scheduleBeat()
    })
  }

  #isMine(body: { session: Uint8Array; epoch: number }): boolean {
    return body.epoch === this.epoch && body.session.every((byte, at) => byte === this.#options.session[at])
  }

  #lostFirst(what: string): PeerLostError {
    const { peer } = this.route.hops[0]!
    return new PeerLostError(`${peer} ${what}`, { peer })
  }

  #fail(error: ShoalError): ShoalError {
    if (this.#failure !== undefined) return this.#failure
    this.#failure = error
    this.#stop()
    this.#out.abort(error)
    return error
  }

  #until(met: () => boolean, signal?: AbortSignal): Promise<void> {
    return this.#changes.until(met, () => this.#failure, signal)
  }
}
