/**
 * A bounds-checked cursor over the first bytes of a GGUF file. It knows both how many bytes are at hand and how many the
 * file has, so that a length that cannot be true is an error and one that merely is not here yet asks for more.
 */
import { InvalidFileError } from '../errors.ts'
import { isUtf8 } from './utf8.ts'

/** Thrown to the reader when the header goes on beyond the window; never leaves gguf.ts. */
export class WindowEnd extends Error {
  readonly needed: number
  constructor(needed: number) {
    super('the header goes on beyond the window')
    this.needed = needed
  }
}

// A byte order mark is a legal token, and two broken strings must not become the same replacement character.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Longer texts are not kept while a file is only checked. Keys and names in use have less than 100 bytes. */
const SHORT_TEXT_BYTES = 1024

export class GgufCursor {
  position = 0
  /** Whether values are wanted, or only checked: a file that will be refused must not take memory for what it holds. */
  readonly keeps: boolean
  private readonly bytes: Uint8Array<ArrayBuffer>
  private readonly view: DataView
  private items = 0
  private readonly limit: number
  private readonly limitName: string

  /** @param limit bytes the header can have at most: the file's size, or a smaller bound that `limitName` explains */
  constructor(bytes: Uint8Array<ArrayBuffer>, limit: number, limitName: string, keeps: boolean) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.limit = limit
    this.limitName = limitName
    this.keeps = keeps
  }

  u32(field: string): number {
    return this.view.getUint32(this.advance(4, field), true)
  }

  u64(field: string): bigint {
    return this.view.getBigUint64(this.advance(8, field), true)
  }

  /** A number of things that follow, each at least `leastBytes` long: more than the file can hold is an error. */
  count(field: string, leastBytes: number, most: number): number {
    const value = this.u64(field)
    const room = BigInt(Math.floor((this.limit - this.position) / leastBytes))
    if (value > room) throw new InvalidFileError(`${field}: a length of ${value}, but at most ${room} fit in ${this.limitName}`)
    if (value > BigInt(most)) throw new InvalidFileError(`${field}: a length of ${value}, more than the ${most} Shoal reads`)
    return Number(value)
  }

  /** Empty instead of long where values are not kept. */
  string(field: string, mostBytes = Number.MAX_SAFE_INTEGER): string {
    const length = this.count(field, 1, mostBytes)
    const start = this.advance(length, field)
    if (!isUtf8(this.bytes, start, start + length))
      throw new InvalidFileError(`${field}: not UTF-8 (${length} bytes at ${start})`)
    return this.keeps || length <= SHORT_TEXT_BYTES ? utf8.decode(this.bytes.subarray(start, start + length)) : ''
  }

  /** Counts items of arrays over the whole header. */
  spendItems(count: number, field: string, most: number): void {
    this.items += count
    if (this.items > most)
      throw new InvalidFileError(`${field}: ${this.items} items of arrays, more than the ${most} Shoal reads`)
  }

  /** Moves on over a string. */
  skipString(field: string): void {
    const length = this.count(field, 1, Number.MAX_SAFE_INTEGER)
    const start = this.advance(length, field)
    if (!isUtf8(this.bytes, start, start + length))
      throw new InvalidFileError(`${field}: not UTF-8 (${length} bytes at ${start})`)
  }

  /** The next `count` bytes where they lie; good until the cursor's window goes. */
  bytesInPlace(count: number, field: string): Uint8Array {
    const start = this.advance(count, field)
    return this.bytes.subarray(start, start + count)
  }

  /** `count` values of `bytesEach`, copied out so that they are aligned and do not keep the window alive. */
  copy(count: number, bytesEach: number, field: string): ArrayBuffer {
    const start = this.advance(count * bytesEach, field)
    return this.bytes.slice(start, start + count * bytesEach).buffer
  }

  /** Moves on by `length` bytes and says where they start. */
  private advance(length: number, field: string): number {
    const start = this.position
    const end = start + length
    if (end > this.limit)
      throw new InvalidFileError(`${field}: ${length} bytes at ${start} run past the end of ${this.limitName}`)
    if (end > this.bytes.byteLength) throw new WindowEnd(end)
    this.position = end
    return start
  }
}
