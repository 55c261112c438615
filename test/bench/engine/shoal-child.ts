/** Shoal's engine as a contestant: one span of all layers, f16 KV, the adapter's default kernels. */
import { requestGpu } from '../../../peer/engine/adapter.ts'
import { openDevice } from '../../../peer/engine/device.ts'
import type { SequenceId, SpanEngine } from '../../../peer/engine/engine.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import { readModel } from '../../unit/engine/psalter.ts'
import { answerQuestions } from '../child.ts'
import { type ContestantAnswers, type LoadRequest, runPass } from './contestant.ts'

let engine: SpanEngine
let contextLength: number

/** The most probable token after `tokens`, which start at `position`. */
async function step(sequence: SequenceId, position: number, tokens: readonly number[]): Promise<number> {
  const head = { rows: 1, topK: 1, temperature: 1, extraIds: new Uint32Array(0) }
  const [output] = await engine.run([{ sequence, position, input: { tokens: Uint32Array.from(tokens) }, head }])
  if (!('rows' in output!)) throw new Error('the span has no head')
  return output.rows[0]!.ids[0]!
}

async function withSequence<T>(use: (sequence: SequenceId) => Promise<T>): Promise<T> {
  const sequence = await engine.reserve(contextLength)
  try {
    return await use(sequence)
  } finally {
    await engine.release(sequence)
  }
}

async function load({ path, contextLength: positions }: LoadRequest) {
  const { hyperparameters, reader } = await readModel(path)
  const startedAt = performance.now()
  const device = await openDevice(await requestGpu())
  contextLength = positions
  const span = { first: 0, end: hyperparameters.layers }
  engine = await createSpanEngine({ device, hyperparameters, span, tensors: reader, kvTokens: positions, maxBatchTokens: 64 })
  const loadMs = performance.now() - startedAt
  await withSequence(sequence => step(sequence, 0, [1, 2]))
  return {
    loadMs,
    firstTokenMs: performance.now() - startedAt,
    facts: `${device.adapter.name}, ${device.pipelines.size} pipelines, ${engine.shape.numerics}`
  }
}

answerQuestions({
  load,
  pass: (prompt, decoded) =>
    withSequence(sequence => runPass(prompt, decoded, (position, tokens) => step(sequence, position, tokens)))
} satisfies ContestantAnswers)
