/** Several sources end to end as one: the parts of a split model, read like one file. */
import { SourceError } from '../errors.ts'
import { type ByteSource, checkRange } from './source.ts'

/** Closing it closes every part. @throws SourceError when the whole is larger than a number counts exactly */
export function joinSources(parts: readonly ByteSource[], name: string): ByteSource {
  const starts: number[] = []
  let size = 0
  for (const part of parts) {
    starts.push(size)
    size += part.size
  }
  if (!Number.isSafeInteger(size)) throw new SourceError(`${name}: ${size} bytes in all`)
  return {
    name,
    size,
    read: async (offset, length, signal) => {
      signal?.throwIfAborted()
      checkRange({ name, size }, offset, length)
      const bytes = new Uint8Array(length)
      for (const [i, part] of parts.entries()) {
        const from = Math.max(offset, starts[i]!)
        const to = Math.min(offset + length, starts[i]! + part.size)
        if (from < to) bytes.set(await part.read(from - starts[i]!, to - from, signal), from - offset)
      }
      return bytes
    },
    close: async () => {
      await Promise.all(parts.map(part => part.close?.()))
    }
  }
}
