/**
 * Measures what a loaded span does: the rates that routes and placement are planned with. Runs the engine as a host does,
 * a prefill chunk and single tokens, after a round that warms up what compiles lazily.
 */
import type { SpanEngine } from '../engine/engine.ts'

const PREFILL_TOKENS = 32
const DECODE_STEPS = 6

export interface Rates {
  /** Tokens a second through one layer. */
  prefill: number
  decode: number
}

/** Takes KV for some tokens meanwhile. @throws BusyError, NonFiniteError, DeviceLostError, the signal's reason */
export async function measureRates(engine: SpanEngine, signal?: AbortSignal): Promise<Rates> {
  const { span, width, embeds, heads, maxBatchTokens, contextLength } = engine.shape
  const layers = span.end - span.first
  const chunk = Math.min(PREFILL_TOKENS, maxBatchTokens, contextLength - 1)
  const head = { topK: 1, temperature: 1, extraIds: new Uint32Array(0) }
  const sequence = await engine.reserve(chunk + 1)
  const timed = async (position: number, count: number, rows: number) => {
    signal?.throwIfAborted()
    const input = embeds ? { tokens: new Uint32Array(count) } : { hidden: new Float32Array(count * width).fill(0.1) }
    const startedAt = performance.now()
    await engine.run([{ sequence, position, input, head: { ...head, rows: heads ? rows : 0 } }])
    return (performance.now() - startedAt) / 1_000
  }
  try {
    await timed(0, chunk, 0)
    const prefillSeconds = await timed(0, chunk, 0)
    await timed(chunk, 1, 1)
    let decodeSeconds = 0
    for (let step = 0; step < DECODE_STEPS; step++) decodeSeconds += await timed(chunk, 1, 1)
    return { prefill: (chunk * layers) / prefillSeconds, decode: (DECODE_STEPS * layers) / decodeSeconds }
  } finally {
    await engine.release(sequence)
  }
}
