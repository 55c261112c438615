/**
 * How many bulk bytes may be on their way over one connection, so that what is urgent waits behind few of them: LEDBAT's
 * rule (RFC 6817). The window grows while acknowledgements come about as soon as they ever did, and shrinks as they come
 * later, for then the bytes wait in somebody's buffer. A value of times and bytes, without a clock.
 */

/**
 * Time that bulk bytes may wait in buffers on the way, in milliseconds, and so what each link adds to a decode step. RFC 6817
 * allows 100, for calls; with 40 a token through three hops over 10 Mbit/s took 1.8 times as long beside a prompt, with 10 1.2.
 */
const TARGET_MS = 10

/** Bulk goes in blocks of this many bytes: 7 ms of a link of 10 Mbit/s, and the least that a step of decode may wait for. */
export const BULK_BLOCK_BYTES = 8 * 1024

/** One block on its way and one that follows, however slow the link. */
const LEAST_BYTES = 2 * BULK_BLOCK_BYTES

/** At first: a link of 10 Mbit/s and 100 ms each way holds as much. */
const FIRST_BYTES = 128 * 1024

/** Four channels' windows: 100 MB/s at 20 ms. */
const MOST_BYTES = 2 * 1024 * 1024

/** The first growth, by doubling, ends at this part of the target (LEDBAT++, draft-irtf-iccrg-ledbat-plus-plus). */
const SLOW_START_END = 0.75

/** A route that became longer is known as such after as long, in milliseconds, or twice (RFC 6817: ten minutes). */
const BASE_MS = 5 * 60_000

export class BulkWindow {
  #bytes = FIRST_BYTES
  /** The shortest way there and back of this stretch of time and of the one before. */
  #shortest = { since: 0, nowMs: Number.POSITIVE_INFINITY, beforeMs: Number.POSITIVE_INFINITY }
  #slowStart = true

  get bytes(): number {
    return Math.floor(this.#bytes)
  }

  /** So many bytes were acknowledged, sent and now in milliseconds; `full`: the window was used up when they were sent. */
  acknowledged(bytes: number, sentAt: number, now: number, full: boolean): void {
    const delayMs = now - sentAt
    const late = (delayMs - this.#baseMs(delayMs, now)) / TARGET_MS
    if (this.#slowStart && late > SLOW_START_END) this.#slowStart = false
    // A window that nobody fills says nothing of a larger one.
    if (late < 1 && !full) return
    // Over a window's acknowledgements together: doubled at first, then a block more; at most halved.
    const gain = this.#slowStart ? 1 : Math.max((BULK_BLOCK_BYTES / this.#bytes) * (1 - late), -0.5)
    this.#bytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, this.#bytes + gain * bytes))
  }

  #baseMs(delayMs: number, now: number): number {
    const { since, nowMs, beforeMs } = this.#shortest
    if (now - since > BASE_MS) this.#shortest = { since: now, nowMs: delayMs, beforeMs: nowMs }
    else this.#shortest = { since, nowMs: Math.min(nowMs, delayMs), beforeMs }
    return Math.min(this.#shortest.nowMs, this.#shortest.beforeMs)
  }
}
