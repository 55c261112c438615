/**
 * Keeps the tuner's choices among the chunks, on disk or in the browser as those are: under the digest of what names them,
 * so that nothing else has a place there. They are small, and go when the cache is short of room, like any chunk.
 */
import type { TuningMemory } from '../engine/tuned-program.ts'
import { sha256Hex } from '../model/sha256.ts'
import type { ChunkCache } from '../weights/chunk-cache.ts'

/** Above what choices take; something else that long is not decoded. */
const MOST_BYTES = 4096

export function tuningMemoryIn(cache: ChunkCache): TuningMemory {
  const digest = (key: string) => sha256Hex(new TextEncoder().encode(key))
  return {
    get: async key => {
      const bytes = await cache.get(await digest(key))
      return bytes === undefined || bytes.length > MOST_BYTES ? undefined : new TextDecoder().decode(bytes)
    },
    put: async (key, text) => {
      await cache.put(await digest(key), new TextEncoder().encode(text))
    }
  }
}
