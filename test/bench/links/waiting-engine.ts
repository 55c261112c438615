/**
 * A stand-in engine that takes as long as a GPU would, by waiting: so many milliseconds for a run and for each of its tokens.
 * Several in one process compute side by side, as engines on one machine's only adapter can't. Its hidden states are as wide
 * as the model's, but repeat a few values, so that this process is not busy with what a GPU would compute.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { SequenceOutput, SequenceStep, SpanEngine } from '../../../peer/engine/engine.ts'
import type { RunCost } from '../../../peer/session/chunk-size.ts'
import { StandInEngine, type StandInModel } from '../../unit/host/stand-in-engine.ts'

const COMPUTED_WIDTH = 4
/** Of a run: enough that prompts come in several, as on a GPU with little memory beside the weights. */
const MAX_BATCH_TOKENS = 64

export interface WaitingEngine {
  engine: SpanEngine
  rates: { prefill: number; decode: number }
  /** Milliseconds it has computed. */
  busyMs: () => number
}

export function waitingEngine(
  model: StandInModel,
  span: { first: number; end: number },
  { fixedMs, tokenMs }: RunCost,
  blocks = 1_024
): WaitingEngine {
  const { width } = model
  const computed = new StandInEngine({
    ...span,
    model: { ...model, width: COMPUTED_WIDTH },
    maxBatchTokens: MAX_BATCH_TOKENS,
    blocks
  })
  let busyMs = 0
  const engine: SpanEngine = {
    shape: { ...computed.shape, width },
    lost: computed.lost,
    kv: () => computed.kv(),
    reserve: tokens => computed.reserve(tokens),
    extend: (sequence, tokens) => computed.extend(sequence, tokens),
    release: sequence => computed.release(sequence),
    logits: (sequence, row) => computed.logits(sequence, row),
    readKv: (sequence, from, to) => computed.readKv(sequence, from, to),
    writeKv: (sequence, from, bytes) => computed.writeKv(sequence, from, bytes),
    close: () => computed.close(),
    run: async steps => {
      const startedAt = performance.now()
      const outputs = await computed.run(steps.map(step => narrow(step, width)))
      const tokens = computed.batches.at(-1)!.reduce((sum, { count }) => sum + count, 0)
      computed.batches.length = 0
      const ms = fixedMs + tokens * tokenMs
      busyMs += ms
      await wait(Math.max(0, ms - (performance.now() - startedAt)))
      return outputs.map(output => widen(output, width))
    }
  }
  const layers = span.end - span.first
  const perSecond = (tokens: number) => (tokens * layers * 1_000) / (fixedMs + tokens * tokenMs)
  return { engine, rates: { prefill: perSecond(MAX_BATCH_TOKENS), decode: perSecond(1) }, busyMs: () => busyMs }
}

/** A chain's hops: a third of the layers each. */
export function waitingHops(model: StandInModel, cost: RunCost): WaitingEngine[] {
  const edge = (hop: number) => Math.round((model.layers * hop) / 3)
  return [0, 1, 2].map(hop => waitingEngine(model, { first: edge(hop), end: edge(hop + 1) }, cost))
}

function narrow(step: SequenceStep, width: number): SequenceStep {
  if ('tokens' in step.input) return step
  const { hidden } = step.input
  const rows = Array.from({ length: hidden.length / width }, (_, row) => [
    ...hidden.subarray(row * width, row * width + COMPUTED_WIDTH)
  ])
  return { ...step, input: { hidden: Float32Array.from(rows.flat()) } }
}

function widen(output: SequenceOutput, width: number): SequenceOutput {
  if (!('hidden' in output)) return output
  const hidden = new Float32Array((output.hidden.length / COMPUTED_WIDTH) * width)
  for (let row = 0; row * width < hidden.length; row++)
    hidden.set(output.hidden.subarray(row * COMPUTED_WIDTH, (row + 1) * COMPUTED_WIDTH), row * width)
  return { hidden }
}
