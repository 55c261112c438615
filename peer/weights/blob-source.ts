/** Bytes of a File or Blob: a model file that a visitor chose in the page. */
import { SourceError } from '../errors.ts'
import { type ByteSource, checkRange } from './source.ts'

export function blobSource(blob: Blob, name: string): ByteSource {
  const { size } = blob
  return {
    name,
    size,
    read: async (offset, length, signal) => {
      signal?.throwIfAborted()
      checkRange({ name, size }, offset, length)
      const buffer = await blob
        .slice(offset, offset + length)
        .arrayBuffer()
        .catch((thrown: Error) => {
          // The file behind it was changed or removed since it was chosen.
          throw new SourceError(`${name}: ${thrown.message}`, {}, { cause: thrown })
        })
      if (buffer.byteLength !== length)
        throw new SourceError(`${name}: ${buffer.byteLength} bytes instead of ${length} at ${offset}`)
      return new Uint8Array(buffer)
    }
  }
}
