/**
 * How fast a loaded span is, for the announcement: measured on the span itself, within about a second.
 */
import type { SequenceId, SpanEngine } from './engine.ts'

export interface SpanRates {
  /** Tokens a second times the span's layers, in the largest batch; what the span does with prompts. */
  prefillTokenLayersPerSecond: number
  /** The same one token at a time. */
  decodeTokenLayersPerSecond: number
}

export interface MeasureOptions {
  /** Milliseconds in all, about; one step of each kind always runs. Default 1000: long enough to average, short enough to wait for. */
  limitMs?: number
  signal?: AbortSignal
}

/** A single step hangs on the clock's grain, which browsers coarsen to as much as 1 ms. */
const LEAST_STEPS = 2

/**
 * Takes KV for one batch while it runs.
 * @throws BusyError when KV has no room, what `run` throws, the signal's reason
 */
export async function measureSpan(engine: SpanEngine, { limitMs = 1000, signal }: MeasureOptions = {}): Promise<SpanRates> {
  const { contextLength, maxBatchTokens, span } = engine.shape
  const { freeBlocks, tokensPerBlock } = engine.kv()
  const tokens = Math.max(1, Math.min(maxBatchTokens, contextLength - 1, freeBlocks * tokensPerBlock - 1))
  const sequence = await engine.reserve(tokens + 1)
  try {
    const layers = span.end - span.first
    const rate = async (position: number, count: number) => {
      // The first step of a kind may compile kernels.
      await step(engine, sequence, position, count, signal)
      const start = performance.now()
      let steps = 0
      while (steps < LEAST_STEPS || performance.now() - start < limitMs / 2) {
        await step(engine, sequence, position, count, signal)
        steps++
        if (performance.now() - start >= limitMs) break
      }
      return (steps * count * layers * 1000) / Math.max(performance.now() - start, 0.001)
    }
    const prefillTokenLayersPerSecond = await rate(0, tokens)
    const decodeTokenLayersPerSecond = await rate(tokens, 1)
    return { prefillTokenLayersPerSecond, decodeTokenLayersPerSecond }
  } finally {
    await engine.release(sequence)
  }
}

async function step(engine: SpanEngine, sequence: SequenceId, position: number, count: number, signal: AbortSignal | undefined) {
  signal?.throwIfAborted()
  const { embeds, width, vocabulary } = engine.shape
  const input = embeds
    ? { tokens: Uint32Array.from({ length: count }, (_, index) => (index * 7919) % vocabulary) }
    : // Any finite values take as long as real ones.
      { hidden: Float32Array.from({ length: count * width }, (_, index) => Math.sin(index)) }
  await engine.run([{ sequence, position, input, head: { rows: 1, topK: 1, temperature: 1, extraIds: new Uint32Array(0) } }])
}
