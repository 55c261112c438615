/**
 * Ends an answer at the first of its stop texts, however tokens cut them: text that may be the beginning of one is held
 * back until it is known to be one or not.
 */
export interface Scanned {
  /** May be shown. */
  text: string
  /** A stop text is complete; `text` is all of the answer that was left. */
  stopped: boolean
}

export class StopScanner {
  readonly #stops: readonly string[]
  #held = ''

  constructor(stops: readonly string[]) {
    // Half a surrogate pair is found within characters, yet is no text that an answer holds.
    this.#stops = stops.filter(stop => stop !== '' && stop.isWellFormed())
  }

  push(text: string): Scanned {
    const pending = this.#held + text
    const start = firstStop(pending, this.#stops)
    if (start !== undefined) {
      this.#held = ''
      return { text: pending.slice(0, start), stopped: true }
    }
    const keep = longestBeginning(pending, this.#stops)
    this.#held = pending.slice(pending.length - keep)
    return { text: pending.slice(0, pending.length - keep), stopped: false }
  }

  /** The answer has ended: what was held back was no stop text. */
  flush(): string {
    const held = this.#held
    this.#held = ''
    return held
  }
}

/** Where the stop text begins that is complete first, so that the result does not depend on how text was cut. */
function firstStop(text: string, stops: readonly string[]): number | undefined {
  let best: { start: number; end: number } | undefined
  for (const stop of stops) {
    const start = text.indexOf(stop)
    if (start < 0) continue
    const end = start + stop.length
    if (best === undefined || end < best.end || (end === best.end && start < best.start)) best = { start, end }
  }
  return best?.start
}

/** Length of the longest end of `text` that a stop text begins with. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) {
        longest = length
        break
      }
    }
  }
  return longest
}
