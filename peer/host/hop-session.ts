/**
 * The order of one session's steps at one hop, as a pure state machine: what to run, what to answer again, what to hold
 * back, what to refuse. It knows neither channels nor the engine, so that its rules can be tested over every schedule.
 */
import { GapError, InvalidFrameError, StaleEpochError } from '../errors.ts'

/** What the order of steps depends on. */
export interface StepPlace {
  epoch: number
  number: number
  position: number
  count: number
  /** Its positions are held already and stay as they are. */
  holds?: boolean
}

export type Verdict<Step, Output> =
  /** These are next, in this order: the step itself and any that had waited for it. */
  | { kind: 'run'; steps: Step[] }
  /** Executed before: its kept output goes out again. */
  | { kind: 'resend'; output: Output }
  /** Ahead of its turn; kept until the steps before it come. */
  | { kind: 'wait' }
  /** A copy of one that is queued or runs now; the output is on its way. */
  | { kind: 'drop' }

export class HopSession<Step extends StepPlace, Output> {
  #reserve: number
  readonly #keptBytes: number
  #window: number
  #epoch: number
  /** The number the next enqueued step must have. */
  #next = 1
  /** Steps of this epoch up to here have run. */
  #executed = 0
  /** Positions whose KV is written. */
  #length = 0
  /** `#length` once everything enqueued has run. */
  #planned = 0
  readonly #waiting = new Map<number, Step>()
  readonly #kept = new Map<number, { output: Output; bytes: number }>()
  #keptTotal = 0

  /** `reserve`: KV positions; `window`: steps held ahead of their turn, and outputs kept; `keptBytes`: bound on the latter. */
  constructor(options: { epoch: number; reserve: number; window: number; keptBytes: number }) {
    this.#epoch = options.epoch
    this.#reserve = options.reserve
    this.#window = options.window
    this.#keptBytes = options.keptBytes
  }

  get epoch(): number {
    return this.#epoch
  }

  get executed(): number {
    return this.#executed
  }

  /** Steps of this epoch up to here are queued or have run. */
  get received(): number {
    return this.#next - 1
  }

  get kvLength(): number {
    return this.#length
  }

  get reserve(): number {
    return this.#reserve
  }

  /** More KV is reserved. */
  grow(reserve: number): void {
    this.#reserve = Math.max(this.#reserve, reserve)
  }

  /**
   * Decides on an arriving step. Throwing leaves the state as it was.
   * @throws StaleEpochError, GapError when too far ahead or the output is gone, InvalidFrameError on an impossible position
   */
  accept(step: Step): Verdict<Step, Output> {
    if (step.epoch !== this.#epoch) throw new StaleEpochError(`step of epoch ${step.epoch}, the session is at ${this.#epoch}`)
    if (step.number < this.#next) {
      const kept = this.#kept.get(step.number)
      if (kept !== undefined) return { kind: 'resend', output: kept.output }
      if (step.number > this.#executed) return { kind: 'drop' }
      throw new GapError(`the output of step ${step.number} is no longer kept`, { have: this.#next })
    }
    if (step.number > this.#next) {
      if (step.number >= this.#next + this.#window) {
        throw new GapError(`step ${step.number} is more than ${this.#window} ahead of ${this.#next}`, { have: this.#next })
      }
      if (!this.#waiting.has(step.number)) this.#waiting.set(step.number, step)
      return { kind: 'wait' }
    }
    this.#place(step)
    const steps = [step]
    for (let waiting = this.#waiting.get(this.#next); waiting !== undefined; waiting = this.#waiting.get(this.#next)) {
      // The waiting copy leaves whether or not it fits, so that a bad one is refused once.
      this.#waiting.delete(this.#next)
      this.#place(waiting)
      steps.push(waiting)
    }
    return { kind: 'run', steps }
  }

  /** A step of any epoch has run: its positions are written and those above are gone. */
  ran(step: StepPlace): void {
    this.#length = step.position + step.count
  }

  /** A run failed half-way: from the step's position on nothing can be trusted. */
  spoiled(step: StepPlace): void {
    this.#length = Math.min(this.#length, step.position)
  }

  /** Keeps the output of a step that has run. False when its epoch is over: the output must go nowhere. */
  keep(step: StepPlace, output: Output, bytes: number): boolean {
    if (step.epoch !== this.#epoch) return false
    this.#executed = step.number
    this.#kept.set(step.number, { output, bytes })
    this.#keptTotal += bytes
    for (const [number, entry] of this.#kept) {
      if (number === step.number || (this.#kept.size <= this.#window && this.#keptTotal <= this.#keptBytes)) break
      this.#kept.delete(number)
      this.#keptTotal -= entry.bytes
    }
    return true
  }

  /** Outputs still kept, oldest first. */
  kept(): Output[] {
    return [...this.#kept.values()].map(entry => entry.output)
  }

  /**
   * Ends the current epoch: from here on its steps are stale wherever they are.
   * @throws StaleEpochError when `epoch` is not higher
   */
  advance(epoch: number, window: number): void {
    if (epoch <= this.#epoch) throw new StaleEpochError(`epoch ${epoch} is over, the session is at ${this.#epoch}`)
    this.#epoch = epoch
    this.#window = window
    this.#next = 1
    this.#executed = 0
    this.#waiting.clear()
    this.#kept.clear()
    this.#keptTotal = 0
  }

  /** Cuts KV to what the driver has accepted; only once no run of the session is under way. Returns the length left. */
  cut(committed: number): number {
    this.#length = Math.min(this.#length, committed)
    this.#planned = this.#length
    return this.#length
  }

  #place(step: Step): void {
    if (step.position > this.#planned) {
      throw new InvalidFrameError(`step ${step.number} starts at position ${step.position}, beyond the ${this.#planned} held`)
    }
    if (step.holds && step.position + step.count > this.#planned) {
      throw new InvalidFrameError(`step ${step.number} ends at ${step.position + step.count}, beyond the ${this.#planned} held`)
    }
    if (step.position + step.count > this.#reserve) {
      throw new InvalidFrameError(
        `step ${step.number} ends at ${step.position + step.count}, beyond the ${this.#reserve} reserved`
      )
    }
    this.#next = step.number + 1
    if (!step.holds) this.#planned = step.position + step.count
  }
}
