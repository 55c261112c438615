/**
 * How the last hop's answers reach the driver: on the stream the driver opened to it where there is one, else back along
 * the chain. When the direct stream breaks, what was kept goes the other way; the driver drops what it already has.
 */
import type { Channel } from '../wire/channel.ts'
import type { Clock } from '../wire/clock.ts'
import type { Answer, AnswerFrame, ChainFrame, Row } from '../wire/frames.pb.js'
import { Outbox } from '../wire/outbox.ts'

/** Answers are as many as steps in flight, and a row of logits at a time. */
const DIRECT_QUEUE = 128

export class AnswerPath {
  readonly #clock: Clock
  readonly #upstream: Outbox<ChainFrame>
  readonly #kept: () => Answer[]
  #direct: Outbox<AnswerFrame> | undefined

  /** `kept`: answers that may not have arrived when a direct stream breaks. */
  constructor(clock: Clock, upstream: Outbox<ChainFrame>, kept: () => Answer[]) {
    this.#clock = clock
    this.#upstream = upstream
    this.#kept = kept
  }

  attach(channel: Channel<AnswerFrame>): void {
    const before = this.#direct
    this.#direct = new Outbox(channel, DIRECT_QUEUE, () => this.detach(channel))
    void before?.end(this.#clock)
  }

  /** The stream is gone; does nothing when another has replaced it. */
  detach(channel: Channel<AnswerFrame>): void {
    if (this.#direct?.channel !== channel) return
    void this.#direct.end(this.#clock)
    this.#direct = undefined
    for (const answer of this.#kept()) this.#upstream.push({ answer })
  }

  answer(answer: Answer): boolean {
    return this.#direct?.push({ answer }) || this.#upstream.push({ answer })
  }

  row(row: Row): boolean {
    return this.#direct?.push({ row }) || this.#upstream.push({ row })
  }

  end(): void {
    void this.#direct?.end(this.#clock)
    this.#direct = undefined
  }
}
