/**
 * How much was used in the last minute, day or whatever the window is: sums over sixtieths of it, so that no window of
 * that length ever holds more than was allowed, wherever it begins. Time comes from the caller.
 */

/** The last part of a window is counted whole: what was used is let go up to a sixtieth of the window late, never early. */
export const PARTS = 60

/** As kept over a restart: what was used in each part, by the part's number since the epoch. */
export type SavedUsage = [part: number, used: number][]

export class UsageWindow {
  readonly #partMs: number
  /** At most PARTS + 1, oldest first. */
  #parts: SavedUsage

  constructor(windowMs: number, saved: SavedUsage = []) {
    this.#partMs = windowMs / PARTS
    this.#parts = saved
  }

  add(amount: number, now: number): void {
    this.#forget(now)
    const last = this.#parts.at(-1)
    const part = this.#partAt(now)
    if (last?.[0] === part) last[1] += amount
    else this.#parts.push([part, amount])
  }

  used(now: number): number {
    this.#forget(now)
    return this.#parts.reduce((sum, [, used]) => sum + used, 0)
  }

  /** Milliseconds until no more than `allowed` is used, if nothing is added; 0 where that is so now. */
  waitMs(allowed: number, now: number): number {
    let used = this.used(now)
    let wait = 0
    for (const [part, amount] of this.#parts) {
      if (used <= allowed) break
      used -= amount
      wait = this.#endOf(part) - now
    }
    return wait
  }

  save(now: number): SavedUsage {
    this.#forget(now)
    return this.#parts.map(([part, used]) => [part, used])
  }

  #partAt(now: number): number {
    return Math.floor(now / this.#partMs)
  }

  #endOf(part: number): number {
    return (part + PARTS + 1) * this.#partMs
  }

  #forget(now: number): void {
    const from = this.#parts.findIndex(([part]) => this.#endOf(part) > now)
    if (from !== 0) this.#parts = from < 0 ? [] : this.#parts.slice(from)
    // Of a clock that was set back: counted as used now, or it would stay for as long as the clock had been ahead.
    const current = this.#partAt(now)
    if ((this.#parts.at(-1)?.[0] ?? 0) <= current) return
    const ahead = this.#parts.filter(([part]) => part >= current)
    this.#parts = this.#parts.filter(([part]) => part < current)
    this.#parts.push([current, ahead.reduce((sum, [, used]) => sum + used, 0)])
  }
}
