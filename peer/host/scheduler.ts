/**
 * Turns the steps of all sessions into one engine run after another: decode steps of every session first, then pieces of
 * prefill while the batch has room, taking turns so that nobody starves. One run is under way at a time.
 */
import type { HeadRequest, HeadRow, SequenceId, SequenceOutput, SequenceStep, SpanEngine } from '../engine/engine.ts'
import { DeviceLostError, NonFiniteError, type ShoalError, toShoalError } from '../errors.ts'
import type { Clock } from '../wire/clock.ts'
import { isDecodeCount } from '../wire/haste.ts'
import { PrefillPace } from './prefill-pace.ts'

export interface WorkTiming {
  /** From arrival to the start of its first run. */
  queueMs: number
  /** Its runs together. */
  computeMs: number
}

/** One step of one session, from when it is due to run until it has. */
export interface Work {
  sequence: SequenceId
  position: number
  count: number
  input: SequenceStep['input']
  /** Its output without a run, where the span has no part in it or has logged it. @throws ShoalError */
  known?: (() => SequenceOutput) | undefined
  head: HeadRequest
  arrivedAt: number
  /** Asked when its turn comes: false drops it unrun, because its epoch is over. */
  current: () => boolean
  /** Its first run is about to begin. */
  started: () => void
  /** False while the next hop owes credit. */
  ready: () => boolean
  done: (output: SequenceOutput, timing: WorkTiming) => void
  failed: (error: ShoalError) => void
}

interface Pending {
  work: Work
  /** Tokens of it that have run. */
  taken: number
  startedAt: number
  computeMs: number
  hidden: Float32Array[]
  rows: HeadRow[]
}

interface Piece {
  pending: Pending
  step: SequenceStep
  count: number
}

export class Scheduler {
  readonly #engine: SpanEngine
  readonly #clock: Clock
  readonly #pace: PrefillPace
  /** In turn order: whoever ran goes to the back. */
  readonly #lines = new Map<SequenceId, Pending[]>()
  readonly #idleWaiters = new Map<SequenceId, (() => void)[]>()
  #running = new Set<SequenceId>()
  #current: { tokens: number; startedAt: number } | undefined
  #loop: Promise<void> | undefined
  /** Recent mean of a run, for the queue delay this peer announces. */
  #meanRunMs = 0

  constructor(engine: SpanEngine, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
    this.#pace = new PrefillPace(clock)
  }

  /** The engine's run under way. */
  get current(): { tokens: number; startedAt: number } | undefined {
    return this.#current
  }

  /** Expected wait before a new step runs. */
  get queueMs(): number {
    let tokens = 0
    for (const line of this.#lines.values()) for (const pending of line) tokens += pending.work.count - pending.taken
    return Math.ceil(tokens / this.#engine.shape.maxBatchTokens) * this.#meanRunMs
  }

  /** Whether steps run now. */
  get busy(): boolean {
    return this.#loop !== undefined
  }

  /** Resolves once no step runs or is ready to. */
  async rested(): Promise<void> {
    while (this.#loop !== undefined) await this.#loop
  }

  /** Steps of one sequence run in the order they are enqueued. */
  enqueue(work: Work): void {
    const line = this.#lines.get(work.sequence)
    const pending = { work, taken: 0, startedAt: 0, computeMs: 0, hidden: [], rows: [] }
    if (line === undefined) this.#lines.set(work.sequence, [pending])
    else line.push(pending)
    this.poke()
  }

  /** Something may have become ready. */
  poke(): void {
    this.#loop ??= this.#drain().finally(() => {
      this.#loop = undefined
    })
  }

  /** Drops what the sequence has queued and resolves once no run touches it. */
  async idle(sequence: SequenceId): Promise<void> {
    this.#lines.delete(sequence)
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
    const inOrder = [...heads.filter(isDecode), ...heads.filter(pending => !isDecode(pending))]
    let room = this.#engine.shape.maxBatchTokens
    const paced = this.#pace.tokens
    let prefillRoom = paced
    const batch: Piece[] = []
    for (const pending of inOrder) {
      let most = room
      if (!isDecode(pending)) {
        const fits = pending.work.head.rows < prefillRoom
        // Rows of logits stay together, however long that takes; such a step waits for its turn to be the first.
        if (!fits && prefillRoom < paced) continue
        if (fits) most = Math.min(room, prefillRoom)
      }
      const piece = cut(pending, most)
      if (piece === undefined) continue
      batch.push(piece)
      room -= piece.count
      if (!isDecode(pending)) prefillRoom -= piece.count
    }
    return batch
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
      pending.work.started()
    }
    this.#current = { tokens: batch.reduce((sum, piece) => sum + piece.count, 0), startedAt }
    try {
      const outputs = await this.#engine.run(batch.map(piece => piece.step)).finally(() => {
        this.#current = undefined
      })
      const ms = this.#clock.now() - startedAt
      this.#meanRunMs += (ms - this.#meanRunMs) / 8
      const tokens = batch.reduce((sum, { count }) => sum + count, 0)
      const decodes = batch.filter(({ pending }) => isDecode(pending)).length
      this.#pace.ran(ms, tokens, decodes > 0, decodes < batch.length)
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
    if (pending.taken < work.count) return
    this.#leave(pending)
    const timing = { queueMs: pending.startedAt - work.arrivedAt, computeMs: pending.computeMs }
    work.done('hidden' in output ? { hidden: join(pending.hidden) } : { rows: pending.rows }, timing)
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

function isDecode({ work }: Pending): boolean {
  return isDecodeCount(work.count)
}

/** The next piece of a step that fits `room`; the rows it asks for stay together in its last piece. */
function cut(pending: Pending, room: number): Piece | undefined {
  const { work, taken } = pending
  const left = work.count - taken
  const count = left <= room ? left : Math.min(room, left - work.head.rows)
  if (count <= 0) return undefined
  const last = count === left
  const step: SequenceStep = {
    sequence: work.sequence,
    position: work.position + taken,
    input: slice(work, taken, count),
    head: last ? work.head : { ...work.head, rows: 0 }
  }
  return { pending, step, count }
}

function slice({ input, count: whole }: Work, from: number, count: number): SequenceStep['input'] {
  if ('tokens' in input) return { tokens: input.tokens.subarray(from, from + count) }
  const width = input.hidden.length / whole
  return { hidden: input.hidden.subarray(from * width, (from + count) * width) }
}

function join(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
