/** The time one arm has for what comes next of an answer, and the reader's own signal, as one signal. */
import { DeadlineError } from '../errors.ts'
import type { Clock } from '../wire/clock.ts'

export class LegLimit {
  readonly signal: AbortSignal
  readonly #controller = new AbortController()
  readonly #clock: Clock
  readonly #parent: AbortSignal
  readonly #onAbort: () => void
  #forget = () => {}

  constructor(clock: Clock, parent: AbortSignal) {
    this.#clock = clock
    this.#parent = parent
    this.signal = this.#controller.signal
    this.#onAbort = () => this.#controller.abort(parent.reason)
    if (parent.aborted) this.#onAbort()
    parent.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** From now on so many milliseconds; infinite for as long as it takes. */
  set(ms: number, what: string): void {
    this.#forget()
    this.#forget = () => {}
    if (!Number.isFinite(ms)) return
    const late = () => this.#controller.abort(new DeadlineError(`${what} within ${Math.round(ms)} ms`))
    this.#forget = this.#clock.after(Math.max(0, ms), late)
  }

  /** Lets go of the timer and the parent; what still runs under the signal ends. */
  end(): void {
    this.#forget()
    this.#parent.removeEventListener('abort', this.#onAbort)
    this.#controller.abort(new DeadlineError('the answer has ended'))
  }
}
