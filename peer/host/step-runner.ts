/**
 * Runs the steps of one epoch at one hop: checks and orders what arrives, hands it to the scheduler, and sends on what
 * comes out, once, for as long as the epoch lives.
 */
import type { SequenceOutput } from '../engine/engine.ts'
import {
  BusyError,
  DeviceLostError,
  GapError,
  InternalError,
  InvalidFrameError,
  NonFiniteError,
  PeerLostError,
  type ShoalError,
  toShoalError
} from '../errors.ts'
import { type ChainFrame, Encoding, type OpenPlan, type RowRequest, type Step } from '../wire/frames.pb.js'
import type { Outbox } from '../wire/outbox.ts'
import { Part } from '../wire/step-parts.ts'
import type { AnswerPath } from './answer-path.ts'
import { withPeer } from './charge.ts'
import { type CheckedStep, checkStep } from './check-step.ts'
import type { HopSession } from './hop-session.ts'
import type { HostContext } from './host-context.ts'
import { type Output, outputBytes, outputOf } from './output.ts'
import type { HostedSession } from './session-table.ts'

export interface EpochPlace<Hop> {
  context: HostContext<Hop>
  plan: OpenPlan
  index: number
  session: HostedSession<Hop>
  order: HopSession<CheckedStep, Output>
  /** False once the epoch is over: nothing runs or leaves any more. */
  live: () => boolean
  /** Its KV is written. */
  ran: (step: CheckedStep) => void
  /** Tells the previous peer that steps up to the number have run. */
  credit: (number: number) => void
  fail: (error: ShoalError) => void
}

export class StepRunner<Hop> {
  readonly #place: EpochPlace<Hop>
  /** Exactly one of both: outputs go to the next hop or, at the last, to the driver. */
  readonly #next: Outbox<ChainFrame> | undefined
  readonly #answers: AnswerPath | undefined
  /** Steps up to here have been executed by the next hop. */
  #credited = 0

  constructor(place: EpochPlace<Hop>, next: Outbox<ChainFrame> | undefined, answers: AnswerPath | undefined) {
    this.#place = place
    this.#next = next
    this.#answers = answers
  }

  /** @throws InvalidFrameError, NonFiniteError, GapError, StaleEpochError */
  take(step: Step): void {
    const { context, order } = this.#place
    context.counters.bytesReceived += step.hidden?.data.length ?? 0
    const verdict = order.accept(this.#check(step))
    if (verdict.kind === 'resend') {
      this.#emit(verdict.output)
      // Its sender may be waiting for a credit that got lost.
      this.#place.credit(order.executed)
    }
    if (verdict.kind === 'drop') this.#askForCredit()
    if (verdict.kind === 'run') for (const next of verdict.steps) this.#enqueue(next)
  }

  /** The next hop has executed up to `number`. @throws InvalidFrameError when it can't have */
  credit(number: number): void {
    const { executed } = this.#place.order
    if (number > executed) throw new InvalidFrameError(`credit for step ${number} of ${executed} sent`)
    this.#credited = Math.max(this.#credited, number)
    this.#place.context.scheduler.poke()
  }

  /** Answers with all logits of a row of the step answered last; a request for another step is late and gets nothing. */
  async answerRow({ number, row }: RowRequest): Promise<void> {
    const { context, plan, session, order, live, fail } = this.#place
    if (session.sequence === undefined || number !== order.executed) return
    try {
      const logits = await context.engine.logits(session.sequence, row)
      if (!live() || number !== order.executed) return
      const bytes = new Uint8Array(logits.slice().buffer)
      if (!this.#answers?.row({ session: plan.session, epoch: plan.epoch, number, row, logits: bytes })) fail(unread())
    } catch (thrown) {
      if (live()) fail(toShoalError(thrown))
    }
  }

  #check(step: Step): CheckedStep {
    const { context, plan, index, session } = this.#place
    const hops = plan.hops.length
    return checkStep(step, context.engine.shape, {
      index,
      hops,
      reserve: session.reserve,
      encoding: plan.encoding,
      arrivedAt: context.clock.now()
    })
  }

  /** The output of a step that this hop does not run. @throws GapError when the log has lost it */
  #known({ number, position, count, part }: CheckedStep): SequenceOutput {
    const { context, session } = this.#place
    if (part === Part.pass) return context.engine.shape.heads ? { rows: [] } : { hidden: new Float32Array(0) }
    const hidden = context.logs.read(session.key, position, count, context.engine.shape.width)
    if (hidden === undefined)
      throw new GapError(`step ${number}: positions ${position} … ${position + count} are no longer logged`)
    return { hidden }
  }

  #enqueue(step: CheckedStep): void {
    const { context, plan, index, session, order, live, credit, fail } = this.#place
    context.scheduler.enqueue({
      sequence: session.sequence!,
      driver: session.driver,
      hops: plan.hops.length,
      background: plan.background,
      promptLeft: step.promptLeft,
      position: step.position,
      count: step.count,
      input: step.input,
      known: step.holds ? () => this.#known(step) : undefined,
      head: step.head,
      arrivedAt: step.arrivedAt,
      current: live,
      ready: () => this.#next === undefined || step.number - this.#credited <= plan.window,
      started: () => {
        const { number, position, count } = step
        context.logger.debug({ session: session.key, epoch: plan.epoch, number, position, count }, 'step started')
        order.spoiled(step)
        context.logs.cut(session.key, step.position)
      },
      done: (result, timing) => {
        if (!step.holds) {
          order.ran(step)
          this.#place.ran(step)
          context.counters.tokensServed += step.count
        }
        try {
          const logged = step.holds && context.logs.needsF32(session.key, step.position, step.count)
          const output = outputOf(plan, step, result, timing, logged ? Encoding.F32 : plan.encoding)
          // KV and log grow together, also when the epoch has ended meanwhile.
          if (!step.holds) this.#log(step, output)
          if (!live()) return
          // A next hop that does not run the step has no use for its input.
          if ('step' in output && (step.parts[index + 1] ?? Part.run) !== Part.run) delete output.step.hidden
          if (!order.keep(step, output, outputBytes(output))) return
          this.#emit(output)
          credit(order.executed)
        } catch (thrown) {
          fail(withPeer(toShoalError(thrown), context.links.self))
        }
      },
      failed: error => fail(isOwnFault(error) ? withPeer(error, context.links.self) : error)
    })
  }

  #log({ position, count }: CheckedStep, output: Output): void {
    const { context, session } = this.#place
    const hidden = 'step' in output ? output.step.hidden : undefined
    if (hidden !== undefined && session.sequence !== undefined) context.logs.append(session.key, position, count, hidden)
  }

  /** A queued step came again, so its sender stalls: should the next hop's credit be lost, copies of what it ran bring it. */
  #askForCredit(): void {
    for (const output of this.#place.order.kept()) {
      if ('step' in output && output.step.number > this.#credited) this.#emit(output)
    }
  }

  #emit(output: Output): void {
    const { context, fail } = this.#place
    if ('answer' in output) {
      if (!this.#answers?.answer(output.answer)) fail(unread())
      return
    }
    context.counters.bytesSent += output.step.hidden?.data.length ?? 0
    if (this.#next === undefined || this.#next.push(output)) return
    const peer = this.#next.channel.remotePeer
    fail(new PeerLostError(`${peer} does not take its steps`, { peer }))
  }
}

/** What was asked passed every check, so numbers, device or program are at fault; a log that is gone is nobody's. */
function isOwnFault(error: ShoalError): boolean {
  return error instanceof NonFiniteError || error instanceof DeviceLostError || error instanceof InternalError
}

function unread(): BusyError {
  return new BusyError('answers are not read')
}
