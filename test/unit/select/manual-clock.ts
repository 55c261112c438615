/** A clock that moves only when a test moves it: what waits for a real connection must not be overtaken by a timer. */
import type { Clock } from '../../../peer/wire/clock.ts'

interface Timer {
  at: number
  ms: number
  fire: () => void
}

export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>()
  readonly #watchers = new Set<() => void>()
  #now = Date.parse('2026-01-01T00:00:00Z')

  now = (): number => this.#now

  after = (ms: number, fire: () => void): (() => void) => {
    const timer = { at: this.#now + ms, ms, fire }
    this.#timers.add(timer)
    for (const watch of this.#watchers) watch()
    return () => this.#timers.delete(timer)
  }

  get pending(): number {
    return this.#timers.size
  }

  advance(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > this.#now || !this.#timers.delete(timer)) continue
      timer.fire()
    }
  }

  /** Resolves to the milliseconds of the first timer set that `fits`, now or later. */
  waits(fits: (ms: number) => boolean): Promise<number> {
    return new Promise(resolve => {
      const watch = () => {
        const found = [...this.#timers].find(({ ms }) => fits(ms))
        if (found === undefined) return
        this.#watchers.delete(watch)
        resolve(found.ms)
      }
      this.#watchers.add(watch)
      watch()
    })
  }
}
