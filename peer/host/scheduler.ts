/**
 * Turns the steps of all sessions into one engine run after another: decode steps first, as many together as keep the whole
 * chain busy, then pieces of prefill in their turn while the batch and those who decode have room for them. One run is under
 * way at a time.
 */
import type { SequenceId, SequenceOutput, SpanEngine } from '../engine/engine.ts'
import { DeviceLostError, NonFiniteError, type ShoalError, toShoalError } from '../errors.ts'
import type { Clock } from '../wire/clock.ts'
import { isDecodeCount } from '../wire/haste.ts'
import { DecodeFlow } from './decode-flow.ts'
import { PrefillPace } from './prefill-pace.ts'
import { type MeasuredRates, RunCosts } from './run-costs.ts'
import { inTurn, type WaitingPrompt } from './turn-order.ts'
import { countOf, fill, isDecode, join, type Pending, type Piece, type Work } from './work.ts'

/** Of sessions that nobody reads along with, against others' 1. */
const BACKGROUND_WEIGHT = 0.25

/** How prompts waited for their first run, against what was expected when they came; sums. */
export interface Waits {
  prompts: number
  expectedMs: number
  waitedMs: number
  /** Of the differences, whichever way. */
  missedMs: number
}

export class Scheduler {
  readonly #engine: SpanEngine
  readonly #clock: Clock
  readonly #costs: { decode: RunCosts; prefill: RunCosts }
  readonly #flow: DecodeFlow
  readonly #pace: PrefillPace
  readonly #inArrivalOrder: boolean
  /** In turn order: whoever ran goes to the back. */
  readonly #lines = new Map<SequenceId, Pending[]>()
  /** Of prompts under way: tokens that have run, and when the first of them came. */
  readonly #prompts = new Map<SequenceId, { ran: number; since: number }>()
  readonly #idleWaiters = new Map<SequenceId, (() => void)[]>()
  #running = new Set<SequenceId>()
  #current: { tokens: number; startedAt: number; expectedMs: number } | undefined
  #loop: Promise<void> | undefined
  readonly #waits: Waits = { prompts: 0, expectedMs: 0, waitedMs: 0, missedMs: 0 }
  #forgetRest = () => {}

  /** `inArrivalOrder`: first come, first served, in as large batches as there are: what everything else here is measured against. */
  constructor(engine: SpanEngine, clock: Clock, rates: MeasuredRates, inArrivalOrder = false) {
    this.#engine = engine
    this.#clock = clock
    const { span, maxBatchTokens } = engine.shape
    const layers = span.end - span.first
    this.#costs = { decode: new RunCosts(rates, layers), prefill: new RunCosts(rates, layers) }
    this.#flow = new DecodeFlow(clock, this.#costs.decode)
    this.#pace = new PrefillPace(clock, this.#flow, this.#costs.prefill, maxBatchTokens)
    this.#inArrivalOrder = inArrivalOrder
  }

  /** The engine's run under way. */
  get current(): { tokens: number; startedAt: number } | undefined {
    return this.#current
  }

  /**
   * Expected until a prompt of `tokens` that came now would run: the run under way, then all prefill whose turn is before, in
   * the time that decode leaves (the waiting-time estimate of QLM, arXiv 2407.00047, for a queue with an order).
   */
  waitMs(tokens: number): number {
    const now = this.#clock.now()
    const current = this.#current
    const under = current === undefined ? 0 : Math.max(0, current.startedAt + current.expectedMs - now)
    const newcomer = { driver: '', tokens, weight: 1, waitedMs: 0, left: 0 }
    const queued = [...this.#lines.values()].flatMap(line => {
      const first = line[0]
      if (first === undefined || isDecode(first)) return []
      const { driver, tokens, weight, waitedMs } = this.#waiting(first, now)
      const left = line.reduce((sum, { work, taken }) => sum + work.count - taken, 0) + line.at(-1)!.work.promptLeft
      return [{ driver, tokens, weight, waitedMs, left }]
    })
    const order = inTurn([...queued, newcomer])
    const before = order.slice(0, order.indexOf(newcomer)).reduce((sum, { left }) => sum + left, 0)
    if (before === 0) return under
    const most = Math.min(before, this.#engine.shape.maxBatchTokens)
    return under + ((before / most) * this.#costs.prefill.ms(most)) / (1 - this.#flow.share)
  }

  /** Whether steps run now. */
  get busy(): boolean {
    return this.#loop !== undefined
  }

  /** Resolves once no step runs or is ready to. */
  async rested(): Promise<void> {
    while (this.#loop !== undefined) await this.#loop
  }

  get waits(): Waits {
    return { ...this.#waits }
  }

  /** Steps of one sequence run in the order they are enqueued. */
  enqueue(work: Work): void {
    const line = this.#lines.get(work.sequence)
    const pending: Pending = { work, taken: 0, startedAt: 0, computeMs: 0, hidden: [], rows: [] }
    const begins = line === undefined && !this.#prompts.has(work.sequence) && !isDecode(pending)
    if (begins && work.known === undefined) pending.expectedMs = this.waitMs(work.count + work.promptLeft)
    if (line === undefined) this.#lines.set(work.sequence, [pending])
    else line.push(pending)
    if (isDecode(pending)) this.#flow.arrived(work.sequence)
    // Whoever reads a prompt waits for no token of it.
    else this.#flow.ended(work.sequence)
    this.poke()
  }

  /** Something may have become ready. */
  poke(): void {
    this.#forgetRest()
    this.#loop ??= this.#drain().finally(() => {
      this.#loop = undefined
    })
  }

  /** Drops what the sequence has queued and resolves once no run touches it. */
  async idle(sequence: SequenceId): Promise<void> {
    this.#lines.delete(sequence)
    this.#prompts.delete(sequence)
    this.#flow.ended(sequence)
    if (!this.#running.has(sequence)) return
    await new Promise<void>(resolve => {
      const waiters = this.#idleWaiters.get(sequence) ?? []
      waiters.push(resolve)
      this.#idleWaiters.set(sequence, waiters)
    })
  }

  async #drain(): Promise<void> {
    // Frames that arrived together should share a batch.
    await Promise.resolve()
    for (let batch = this.#collect(); batch.length > 0; batch = this.#collect()) await this.#run(batch)
  }

  #collect(): Piece[] {
    const heads: Pending[] = []
    for (const [sequence, line] of this.#lines) {
      while (line[0] !== undefined && (!line[0].work.current() || this.#isKnown(line[0]))) line.shift()
      const head = line[0]
      if (head === undefined) this.#lines.delete(sequence)
      else if (head.taken > 0 || head.work.ready()) heads.push(head)
    }
    const { maxBatchTokens } = this.#engine.shape
    if (this.#inArrivalOrder)
      return fill(
        heads.sort((a, b) => a.work.arrivedAt - b.work.arrivedAt),
        maxBatchTokens
      )
    const decodes = heads.filter(isDecode)
    const now = this.#clock.now()
    const prompts = inTurn(heads.filter(pending => !isDecode(pending)).map(pending => this.#waiting(pending, now)))
    const { least } = this.#pace
    const restMs = this.#pace.restMs(Math.max(0, ...prompts.map(({ waitedMs }) => waitedMs)))
    const prefillDue = prompts.length > 0 && restMs === 0
    const batch = fill(decodes.slice(0, this.#flow.together), prefillDue ? maxBatchTokens - least : maxBatchTokens)
    // The rest of them waits for this run already.
    if (prompts.length === 0 || (batch.length < decodes.length && !prefillDue)) return batch
    const { decoded } = countOf(batch)
    const room = maxBatchTokens - decoded
    const paced = this.#pace.tokens(decoded, this.#flow.gapMs(new Set(decodes.map(({ work }) => work.sequence))), restMs)
    const pieces = fill(
      prompts.map(({ pending }) => pending),
      Math.min(room, paced),
      room
    )
    batch.push(...pieces)
    // Nobody else may call for what waits here.
    if (batch.length === 0) this.#forgetRest = this.#clock.after(restMs, () => this.poke())
    return batch
  }

  #waiting(pending: Pending, now: number): WaitingPrompt & { pending: Pending } {
    const { work, taken } = pending
    const { ran, since } = this.#prompts.get(work.sequence) ?? { ran: 0, since: work.arrivedAt }
    return {
      pending,
      driver: work.driver,
      tokens: Math.max(ran, work.count - taken + work.promptLeft),
      weight: work.background ? BACKGROUND_WEIGHT : 1,
      waitedMs: now - since
    }
  }

  /** Answers for a step that needs no run once its turn has come; false when it needs one or its turn has not. */
  #isKnown({ work }: Pending): boolean {
    if (work.known === undefined || !work.ready()) return false
    try {
      work.done(work.known(), { queueMs: this.#clock.now() - work.arrivedAt, computeMs: 0 })
    } catch (thrown) {
      work.failed(toShoalError(thrown))
    }
    return true
  }

  async #run(batch: readonly Piece[]): Promise<void> {
    const startedAt = this.#clock.now()
    for (const { pending } of batch) {
      this.#running.add(pending.work.sequence)
      if (pending.taken > 0) continue
      pending.startedAt = startedAt
      this.#waited(pending)
      pending.work.started()
    }
    const { tokens, decoded } = countOf(batch)
    this.#current = { tokens, startedAt, expectedMs: this.#expectedMs(tokens, decoded) }
    try {
      const outputs = await this.#engine.run(batch.map(piece => piece.step)).finally(() => {
        this.#current = undefined
      })
      const ms = this.#clock.now() - startedAt
      this.#learn(tokens, decoded, ms)
      for (const [index, piece] of batch.entries()) this.#finish(piece, outputs[index]!, ms)
    } catch (thrown) {
      const error = toShoalError(thrown)
      // One session's bad input must not cost the others their step: each is run again by itself.
      if (batch.length > 1 && !(error instanceof DeviceLostError)) for (const piece of batch) await this.#run([piece])
      else for (const { pending } of batch) this.#fail(pending, error)
    } finally {
      for (const { pending } of batch) this.#rest(pending.work.sequence)
    }
  }

  #finish({ pending, count }: Piece, output: SequenceOutput, ms: number): void {
    const { work } = pending
    pending.taken += count
    pending.computeMs += ms
    if ('hidden' in output) pending.hidden.push(output.hidden)
    else pending.rows.push(...output.rows)
    this.#takeTurn(work.sequence)
    this.#count(pending, count)
    if (pending.taken < work.count) return
    this.#leave(pending)
    const timing = { queueMs: pending.startedAt - work.arrivedAt, computeMs: pending.computeMs }
    work.done('hidden' in output ? { hidden: join(pending.hidden) } : { rows: pending.rows }, timing)
  }

  #waited({ expectedMs, startedAt, work }: Pending): void {
    if (expectedMs === undefined) return
    const waitedMs = startedAt - work.arrivedAt
    this.#waits.prompts++
    this.#waits.expectedMs += expectedMs
    this.#waits.waitedMs += waitedMs
    this.#waits.missedMs += Math.abs(waitedMs - expectedMs)
  }

  #expectedMs(tokens: number, decoded: number): number {
    const { decode, prefill } = this.#costs
    if (decoded === 0) return prefill.ms(tokens)
    return decode.ms(decoded) + (tokens === decoded ? 0 : (tokens - decoded) * prefill.tokenMs(tokens))
  }

  /** From runs of one kind; of those that mix both neither's part is known. */
  #learn(tokens: number, decoded: number, ms: number): void {
    if (decoded === tokens) this.#costs.decode.ran(tokens, ms)
    if (decoded === 0) this.#costs.prefill.ran(tokens, ms)
    if (decoded < tokens) this.#pace.ran()
    if (decoded > 0) this.#flow.took(Math.min(ms, this.#costs.decode.ms(decoded)))
  }

  #count({ work, taken }: Pending, ran: number): void {
    const { sequence, hops, count, promptLeft } = work
    if (isDecodeCount(count)) this.#flow.ran(sequence, hops)
    else if (taken === count && promptLeft === 0) this.#prompts.delete(sequence)
    else {
      const { ran: before, since } = this.#prompts.get(sequence) ?? { ran: 0, since: work.arrivedAt }
      this.#prompts.set(sequence, { ran: before + ran, since })
    }
  }

  #fail(pending: Pending, error: ShoalError): void {
    this.#leave(pending)
    pending.work.failed(error instanceof NonFiniteError ? new NonFiniteError(error.message) : error)
  }

  #leave(pending: Pending): void {
    const line = this.#lines.get(pending.work.sequence)
    if (line?.[0] === pending) line.shift()
    if (line?.length === 0) this.#lines.delete(pending.work.sequence)
  }

  #takeTurn(sequence: SequenceId): void {
    const line = this.#lines.get(sequence)
    if (line === undefined) return
    this.#lines.delete(sequence)
    this.#lines.set(sequence, line)
  }

  #rest(sequence: SequenceId): void {
    this.#running.delete(sequence)
    for (const resolve of this.#idleWaiters.get(sequence) ?? []) resolve()
    this.#idleWaiters.delete(sequence)
  }
}
