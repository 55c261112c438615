/**
 * Brings a span up on a device: kernels tested, weights verified, rates measured. What a donor does before it may announce
 * that it serves.
 */
import type { EngineDevice } from '../engine/device.ts'
import { measureSpan } from '../engine/measure.ts'
import { soundCandidates } from '../engine/sound-candidates.ts'
import { createSpanEngine } from '../engine/span.ts'
import type { NamedManifest } from '../model/manifest.ts'
import type { Span } from '../model/types.ts'
import type { ChunkCache } from '../weights/chunk-cache.ts'
import type { ByteSource } from '../weights/source.ts'
import { openSpanReader } from '../weights/verified-reader.ts'
import type { DonatedEngine, LoadProgress } from './donate.ts'
import { tuningMemoryIn } from './tuning-memory.ts'

export interface LoadSpanOptions {
  device: EngineDevice
  manifest: NamedManifest
  span: Span
  kvTokens: number
  /** Tried in order. */
  sources: readonly ByteSource[]
  cache: ChunkCache
  onProgress: (progress: LoadProgress) => void
  signal: AbortSignal
}

/** @throws SelfTestError, WeightsCorruptError, SourceError, UnsupportedModelError, GpuMemoryError, DeviceLostError, the signal's reason */
export async function loadSpan(options: LoadSpanOptions): Promise<DonatedEngine> {
  const { device, manifest, span, kvTokens, sources, cache, onProgress, signal } = options
  const { hyperparameters } = manifest.manifest
  const tensors = openSpanReader({ manifest: manifest.manifest, span, sources, cache, onProgress })
  const candidates = await soundCandidates({ device, hyperparameters, span, tensors, signal })
  const tuningMemory = tuningMemoryIn(cache)
  const engine = await createSpanEngine({ device, hyperparameters, span, tensors, kvTokens, candidates, tuningMemory, signal })
  try {
    const { prefillTokenLayersPerSecond: prefill, decodeTokenLayersPerSecond: decode } = await measureSpan(engine, { signal })
    return { engine, rates: { prefill, decode } }
  } catch (error) {
    await engine.close()
    throw error
  }
}
