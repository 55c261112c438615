/**
 * Reads a span's tensors from any number of untrusted sources and a cache: only the chunks of the tensors asked for, each
 * verified against the manifest before it counts.
 */
import { InvalidRequestError } from '../errors.ts'
import type { ByteSource } from '../model/byte-source.ts'
import { chunkRanges } from '../model/manifest.ts'
import { CHUNK_BYTES, type Manifest } from '../model/manifest-format.ts'
import { sha256Hex } from '../model/sha256.ts'
import { spanTensorInfos } from '../model/span-tensors.ts'
import type { Span, TensorInfo, TensorReader } from '../model/types.ts'
import { type ChunkCache, noCache } from './chunk-cache.ts'
import { SourcePool } from './source-pool.ts'

/** Range reads under way at once over all tensors: enough to hide a round trip, and 4 MiB of memory. */
const MAX_READS = 4

export interface ReadProgress {
  /** Bytes of the span's tensors read and verified, each tensor counted once. */
  bytesDone: number
  bytesTotal: number
  /** Of `bytesDone`: were in the cache already. */
  bytesCached: number
  /** Of `bytesDone`: the cache had no room for them. */
  bytesUnkept: number
}

export interface SpanReaderOptions {
  manifest: Manifest
  span: Span
  /** Tried in order. */
  sources: readonly ByteSource[]
  /** Default: keeps nothing. */
  cache?: ChunkCache
  onProgress?: (progress: ReadProgress) => void
}

/**
 * A reader of the span's tensors. `read` throws WeightsCorruptError or SourceError when no source is left, and
 * InvalidRequestError for a tensor outside the span.
 * @throws InvalidFileError or UnsupportedModelError, naming the tensor, before anything is read
 */
export function openSpanReader(options: SpanReaderOptions): TensorReader {
  const { manifest, span, cache = noCache, onProgress } = options
  const chunks = new Map(manifest.tensors.map(tensor => [tensor.name, tensor.chunks]))
  const infos = new Map(
    spanTensorInfos(manifest.hyperparameters, span, new Map(manifest.tensors.map(tensor => [tensor.name, tensor]))).map(info => [
      info.name,
      info
    ])
  )
  const pool = new SourcePool(options.sources, manifest.fileSize)
  const slots = new Slots(MAX_READS)
  const counted = new Set<string>()
  const bytesTotal = [...infos.values()].reduce((sum, info) => sum + info.bytes, 0)
  let bytesDone = 0
  let bytesCached = 0
  let bytesUnkept = 0

  function count(digestAt: string, bytes: number, { cached, kept }: { cached: boolean; kept: boolean }): void {
    if (counted.has(digestAt)) return
    counted.add(digestAt)
    bytesDone += bytes
    if (cached) bytesCached += bytes
    if (!kept) bytesUnkept += bytes
    onProgress?.({ bytesDone, bytesTotal, bytesCached, bytesUnkept })
  }

  async function readChunk(what: string, offset: number, length: number, digest: string, signal: AbortSignal) {
    const held = await cache.get(digest)
    if (held !== undefined) {
      if (held.byteLength === length && (await sha256Hex(held)) === digest) return { bytes: held, cached: true, kept: true }
      await cache.delete(digest)
    }
    const bytes = await pool.read(what, offset, length, digest, signal)
    const kept = await cache.put(digest, bytes)
    return { bytes, cached: false, kept }
  }

  async function read(info: TensorInfo, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted()
    const tensor = new Uint8Array(info.bytes)
    // One chunk's failure stops the others.
    const stop = new AbortController()
    const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
    const reads = chunkRanges(info.offset, info.bytes).map(({ offset, length }, i) =>
      slots.run(both, async () => {
        const what = `tensor '${info.name}', chunk ${i}`
        const { bytes, ...source } = await readChunk(what, offset, length, chunks.get(info.name)![i]!, both)
        tensor.set(bytes, i * CHUNK_BYTES)
        count(`${info.name} ${i}`, length, source)
      })
    )
    try {
      await Promise.all(reads)
    } catch (thrown) {
      stop.abort(thrown)
      throw thrown
    } finally {
      await Promise.allSettled(reads)
    }
    return tensor
  }

  return {
    info: name => infos.get(name),
    read: async (name, signal) => {
      const info = infos.get(name)
      if (info === undefined)
        throw new InvalidRequestError(`tensor '${name}' is not part of the span [${span.first}, ${span.end})`)
      return await read(info, signal)
    }
  }
}

/** At most so many runs at once; the rest wait in order. */
class Slots {
  private free: number
  private readonly waiting: (() => void)[] = []

  constructor(count: number) {
    this.free = count
  }

  async run(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    if (this.free > 0) this.free--
    else await new Promise<void>(resolve => this.waiting.push(resolve))
    try {
      signal.throwIfAborted()
      await work()
    } finally {
      const next = this.waiting.shift()
      if (next === undefined) this.free++
      else next()
    }
  }
}
