/**
 * The bytes of a channel as they lie on a libp2p stream: blocks of data, credit and an end marker. WebRTC data channels
 * have no flow control in libp2p (a reader that stalls fills its own memory until the stream is reset), relays none end to
 * end, so a channel brings its own window, the same over every transport.
 *
 * A block is varint(n), n > 0, and n bytes of data; or varint(0) and varint(credit): the peer may send `credit` bytes of
 * data more; credit 0 ends that side's data.
 */
import { InvalidFrameError } from '../errors.ts'

/** Data bytes a side may send before the other has read any: 50 ms of a 10 MB/s link, and all that a stalled reader holds. */
export const WINDOW_BYTES = 512 * 1024

/** Largest block: what one channel puts ahead of others on a shared connection at a time. */
export const MAX_BLOCK_BYTES = 32 * 1024

const MAX_VARINT_BYTES = 5

export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

export interface BlockHandler {
  data: (bytes: Uint8Array) => void
  credit: (bytes: number) => void
  end: () => void
}

/** Takes the stream's bytes in whatever pieces they come. @throws InvalidFrameError */
export class BlockParser {
  #state: 'length' | 'data' | 'credit' = 'length'
  #remaining = 0
  #varint = 0
  #varintBytes = 0
  #ended = false
  readonly #handler: BlockHandler

  constructor(handler: BlockHandler) {
    this.#handler = handler
  }

  push(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.byteLength) {
      if (this.#state === 'data') {
        const take = Math.min(this.#remaining, bytes.byteLength - at)
        this.#handler.data(bytes.subarray(at, at + take))
        at += take
        this.#remaining -= take
        if (this.#remaining === 0) this.#state = 'length'
        continue
      }
      const value = this.#varintByte(bytes[at++] as number)
      if (value === undefined) continue
      if (this.#state === 'length') this.#startBlock(value)
      else this.#endControl(value)
    }
  }

  #startBlock(length: number): void {
    if (length > MAX_BLOCK_BYTES) throw new InvalidFrameError(`Block of ${length} bytes, at most ${MAX_BLOCK_BYTES} allowed`)
    if (length === 0) {
      this.#state = 'credit'
      return
    }
    if (this.#ended) throw new InvalidFrameError('Block of data after the end marker')
    this.#remaining = length
    this.#state = 'data'
  }

  #endControl(credit: number): void {
    this.#state = 'length'
    if (credit > 0) {
      this.#handler.credit(credit)
      return
    }
    if (this.#ended) throw new InvalidFrameError('A second end marker')
    this.#ended = true
    this.#handler.end()
  }

  #varintByte(byte: number): number | undefined {
    this.#varint += (byte & 0x7f) * 0x80 ** this.#varintBytes
    this.#varintBytes++
    if (byte >= 0x80) {
      if (this.#varintBytes === MAX_VARINT_BYTES)
        throw new InvalidFrameError(`Block length longer than ${MAX_VARINT_BYTES} bytes`)
      return undefined
    }
    const value = this.#varint
    this.#varint = 0
    this.#varintBytes = 0
    return value
  }
}
