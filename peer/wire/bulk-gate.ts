/**
 * The bulk bytes of all channels over one connection: prefill chunks and KV for standbys. While steps of decode go over the
 * same connection, no more of them are on their way than the link carries off at once, so that decode overtakes what waits
 * here instead of waiting behind it in the transport's buffers.
 */
import { BULK_BLOCK_BYTES, BulkWindow } from './bulk-window.ts'

/** After its last step of decode a connection counts as quiet: nobody is there to be delayed. */
const QUIET_MS = 2_000

/** Bytes unacknowledged for longer no longer count: their reader has stalled, and others' bulk must not wait for it. */
const FORGOTTEN_MS = 2_000

interface OnTheWay {
  owner: object
  bytes: number
  sentAt: number
  full: boolean
}

export class BulkGate {
  readonly #now: () => number
  readonly #window = new BulkWindow()
  /** In the order sent; as many as channels' windows hold blocks. */
  #onTheWay: OnTheWay[] = []
  readonly #waiting = new Set<() => void>()
  #urgentAt = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A step of decode goes over the connection. */
  urgent(): void {
    this.#urgentAt = this.#now()
  }

  /** Bulk bytes that may go now; where none may, `wake` is called once when that has changed. */
  room(wake: () => void): number {
    const now = this.#now()
    if (now - this.#urgentAt > QUIET_MS) return Number.POSITIVE_INFINITY
    const room = this.#window.bytes - this.#bytes(now)
    if (room > 0) return room
    this.#waiting.add(wake)
    // Should nothing be acknowledged any more, time alone changes it.
    this.#timer ??= setTimeout(() => this.#wake(), FORGOTTEN_MS)
    return 0
  }

  sent(owner: object, bytes: number): void {
    const sentAt = this.#now()
    const full = this.#bytes(sentAt) + bytes + BULK_BLOCK_BYTES > this.#window.bytes
    this.#onTheWay.push({ owner, bytes, sentAt, full })
  }

  /** The owner's oldest bytes have been read at the other end. */
  acknowledged(owner: object, bytes: number): void {
    const now = this.#now()
    let left = bytes
    for (const entry of this.#onTheWay) {
      if (left <= 0) break
      if (entry.owner !== owner) continue
      const of = Math.min(left, entry.bytes)
      entry.bytes -= of
      left -= of
      this.#window.acknowledged(of, entry.sentAt, now, entry.full)
    }
    this.#onTheWay = this.#onTheWay.filter(({ bytes: rest }) => rest > 0)
    this.#wake()
  }

  /** The owner sends no more and awaits no acknowledgement. */
  left(owner: object): void {
    this.#onTheWay = this.#onTheWay.filter(entry => entry.owner !== owner)
    this.#wake()
  }

  #bytes(now: number): number {
    return this.#onTheWay.reduce((sum, { bytes, sentAt }) => (now - sentAt > FORGOTTEN_MS ? sum : sum + bytes), 0)
  }

  /** In turn: who still finds no room waits behind the others. */
  #wake(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }
}
