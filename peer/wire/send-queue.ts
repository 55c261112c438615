/**
 * What one channel has yet to send: frames in their order, cut into blocks as the other side's window and, for bulk, the
 * connection's gate let them go. Bounded: whoever sends faster waits.
 */
import { Uint8ArrayList } from 'uint8arraylist'
import { InvalidFrameError } from '../errors.ts'
import { encodeVarint, MAX_BLOCK_BYTES, WINDOW_BYTES } from './block-stream.ts'
import type { BulkGate } from './bulk-gate.ts'
import { BULK_BLOCK_BYTES } from './bulk-window.ts'
import type { Haste } from './channel.ts'

/** Encoded bytes waiting for window or transport before `send` waits too; one frame may exceed it. */
export const SEND_QUEUE_BYTES = 512 * 1024

/** Callers of `send` waiting at once: more means that somebody does not await. */
const MAX_WAITING_SENDS = 256

interface Waiting {
  bytes: Uint8Array
  haste: Haste | undefined
  resolve: () => void
  reject: (reason: unknown) => void
}

/** Consecutive bytes of one kind. */
interface Stretch {
  bytes: number
  bulk: boolean
}

export class SendQueue {
  readonly #gate: BulkGate
  readonly #protocolId: string
  readonly #wake: () => void
  readonly #waiting: Waiting[] = []
  readonly #bytes = new Uint8ArrayList()
  /** What `#bytes` consists of, and what has been sent and not credited. */
  readonly #queued: Stretch[] = []
  readonly #uncredited: Stretch[] = []
  #window = WINDOW_BYTES

  /** `wake` is called when bytes that were held back may go. */
  constructor(gate: BulkGate, protocolId: string, wake: () => void) {
    this.#gate = gate
    this.#protocolId = protocolId
    this.#wake = wake
  }

  get empty(): boolean {
    return this.#bytes.byteLength === 0 && this.#waiting.length === 0
  }

  /** Resolves once the frame has its place. @throws InvalidFrameError, the signal's reason, what `drop` says */
  async push(bytes: Uint8Array, haste: Haste | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.length === 0 && this.#bytes.byteLength < SEND_QUEUE_BYTES) {
      this.#append(bytes, haste)
      return
    }
    if (this.#waiting.length >= MAX_WAITING_SENDS)
      throw new InvalidFrameError(`${this.#protocolId}: ${MAX_WAITING_SENDS} sends already wait for the channel`)
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1)
        reject(signal?.reason)
      }
      const settled = () => signal?.removeEventListener('abort', onAbort)
      const entry: Waiting = {
        bytes,
        haste,
        resolve: () => {
          settled()
          resolve()
        },
        reject: reason => {
          settled()
          reject(reason)
        }
      }
      this.#waiting.push(entry)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** The next block as it lies on the stream; undefined: nothing may go now. */
  next(): Uint8ArrayList | undefined {
    const first = this.#queued[0]
    if (first === undefined || this.#window === 0) return undefined
    const room = first.bulk ? Math.min(BULK_BLOCK_BYTES, this.#gate.room(this.#wake)) : MAX_BLOCK_BYTES
    const length = Math.min(first.bytes, this.#window, room)
    if (length === 0) return undefined
    const block = new Uint8ArrayList(encodeVarint(length), this.#bytes.sublist(0, length))
    this.#bytes.consume(length)
    this.#window -= length
    first.bytes -= length
    if (first.bytes === 0) this.#queued.shift()
    extend(this.#uncredited, length, first.bulk)
    if (first.bulk) this.#gate.sent(this, length)
    this.#admitWaiting()
    return block
  }

  /** The other side has read so much. @throws InvalidFrameError when it can't have */
  credit(bytes: number): void {
    this.#window += bytes
    if (this.#window > WINDOW_BYTES)
      throw new InvalidFrameError(`${this.#protocolId}: credit for ${this.#window} bytes, window is ${WINDOW_BYTES}`)
    let bulk = 0
    for (let left = bytes, first = this.#uncredited[0]; left > 0 && first !== undefined; first = this.#uncredited[0]) {
      const of = Math.min(left, first.bytes)
      if (first.bulk) bulk += of
      first.bytes -= of
      left -= of
      if (first.bytes === 0) this.#uncredited.shift()
    }
    if (bulk > 0) this.#gate.acknowledged(this, bulk)
  }

  /** Nothing goes out any more; whoever waits to send hears why. */
  drop(reason: () => Error): void {
    this.#bytes.consume(this.#bytes.byteLength)
    this.#queued.length = 0
    this.#uncredited.length = 0
    this.#gate.left(this)
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason())
  }

  #append(bytes: Uint8Array, haste: Haste | undefined): void {
    const length = encodeVarint(bytes.byteLength)
    this.#bytes.append(length)
    this.#bytes.append(bytes)
    extend(this.#queued, length.byteLength + bytes.byteLength, haste === 'bulk')
    if (haste === 'urgent') this.#gate.urgent()
  }

  #admitWaiting(): void {
    while (this.#waiting.length > 0 && this.#bytes.byteLength < SEND_QUEUE_BYTES) {
      const { bytes, haste, resolve } = this.#waiting.shift()!
      this.#append(bytes, haste)
      resolve()
    }
  }
}

function extend(stretches: Stretch[], bytes: number, bulk: boolean): void {
  const last = stretches.at(-1)
  if (last?.bulk === bulk) last.bytes += bytes
  else stretches.push({ bytes, bulk })
}
