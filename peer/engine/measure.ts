/**
 * How fast a loaded span is, for the announcement: measured on the span itself, within about a second.
 */
import type { SequenceId, SpanEngine } from './engine.ts'

/** Browsers coarsen the clock to as much as this. */
const CLOCK_GRAIN_MS = 1

export interface SpanRates {
  /** Tokens a second times the span's layers, in a batch; what the span does with prompts. */
  prefillTokenLayersPerSecond: number
  /** The same one token at a time. */
  decodeTokenLayersPerSecond: number
}

export interface MeasureOptions {
  /** Milliseconds in all, about; one step of each kind always runs. Default 1000: long enough to average, short enough to wait for. */
  limitMs?: number
  signal?: AbortSignal
}

/**
 * Takes KV for one batch while it runs.
 * @throws BusyError when KV has no room, what `run` throws, the signal's reason
 */
export async function measureSpan(engine: SpanEngine, { limitMs = 1000, signal }: MeasureOptions = {}): Promise<SpanRates> {
  const { contextLength, maxBatchTokens, span } = engine.shape
  const { freeBlocks, tokensPerBlock } = engine.kv()
  const most = Math.max(1, Math.min(maxBatchTokens, contextLength, freeBlocks * tokensPerBlock))
  const sequence = await engine.reserve(most)
  /** Milliseconds of one step of `count` tokens, the average of as many as fit into half the limit. */
  const time = async (count: number) => {
    const start = performance.now()
    let steps = 0
    do {
      await step(engine, sequence, count, signal)
      steps++
    } while (performance.now() - start < limitMs / 2)
    return Math.max(performance.now() - start, CLOCK_GRAIN_MS) / steps
  }
  try {
    // The first step of a kind may compile kernels.
    await step(engine, sequence, 1, signal)
    const decode = await time(1)
    // A token of a batch takes at most what it takes alone; a slow span is measured on fewer.
    const count = Math.min(most, Math.max(2, Math.floor(limitMs / decode)))
    await step(engine, sequence, Math.min(most, 2), signal)
    const prefill = await time(count)
    const perSecond = (span.end - span.first) * 1000
    return {
      prefillTokenLayersPerSecond: (count * perSecond) / prefill,
      decodeTokenLayersPerSecond: perSecond / decode
    }
  } finally {
    await engine.release(sequence)
  }
}

async function step(engine: SpanEngine, sequence: SequenceId, count: number, signal: AbortSignal | undefined) {
  signal?.throwIfAborted()
  const { embeds, width, vocabulary } = engine.shape
  const input = embeds
    ? { tokens: Uint32Array.from({ length: count }, (_, index) => (index * 7919) % vocabulary) }
    : // Any finite values take as long as real ones.
      { hidden: Float32Array.from({ length: count * width }, (_, index) => Math.sin(index)) }
  await engine.run([{ sequence, position: 0, input, head: { rows: 1, topK: 1, temperature: 1, extraIds: new Uint32Array(0) } }])
}
