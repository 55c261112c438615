/**
 * What all byte sources share: the check that a range lies inside, and a source over bytes in memory.
 */
import { SourceError } from '../errors.ts'
import type { ByteSource } from '../model/byte-source.ts'

export type { ByteSource } from '../model/byte-source.ts'

/** @throws SourceError when the range is not inside the source */
export function checkRange(source: { name: string; size: number }, offset: number, length: number): void {
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset + length > source.size
  ) {
    throw new SourceError(`${source.name}: ${length} bytes at ${offset} are not inside its ${source.size} bytes`)
  }
}

/** A source over bytes at hand: an embedded file, a test's. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  const size = bytes.byteLength
  return {
    name,
    size,
    read: async (offset, length, signal) => {
      signal?.throwIfAborted()
      checkRange({ name, size }, offset, length)
      return new Uint8Array(bytes.subarray(offset, offset + length))
    }
  }
}
