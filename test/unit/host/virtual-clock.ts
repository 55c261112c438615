/**
 * A clock that stands still while anything happens and jumps to the next timer when nothing does, so that seconds of
 * leases and back-off take no time and fall in the same order every run.
 */
import type { Clock } from '../../../peer/wire/clock.ts'

/** Turns of the event loop without a new timer that count as quiet; frames in memory take one a hop. */
const QUIET_TURNS = 6

interface Timer {
  at: number
  order: number
  fire: () => void
}

export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>()
  #now = 1_700_000_000_000
  #order = 0
  /** Bumped by whoever does something the clock can't see. */
  #activity = 0

  now = (): number => this.#now

  after = (ms: number, fire: () => void): (() => void) => {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, fire }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  active(): void {
    this.#activity++
  }

  get pending(): number {
    return this.#timers.size
  }

  /** Runs until `work` settles, letting time pass whenever all is quiet. */
  async until<T>(work: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false
    const watch = work.then(
      () => {
        settled = true
      },
      () => {
        settled = true
      }
    )
    const end = this.#now + limitMs
    while (!settled) {
      await this.quiet()
      if (settled) break
      if (!this.#fireNext(end)) throw new Error(`nothing will ever happen, or not within ${limitMs} ms`)
    }
    await watch
    return work
  }

  /** Lets `ms` pass, firing what falls due. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.quiet()
    while (this.#fireNext(end)) await this.quiet()
    this.#now = end
  }

  /** Work that takes some turns of the event loop and no time. */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      this.active()
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** Resolves when no frame or run is under way. */
  async quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns++) {
      const before = this.#activity
      await new Promise(resolve => setImmediate(resolve))
      if (this.#activity !== before) turns = 0
    }
  }

  #fireNext(end: number): boolean {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer
    }
    if (next === undefined || next.at > end) return false
    this.#timers.delete(next)
    this.#now = Math.max(this.#now, next.at)
    next.fire()
    return true
  }
}
