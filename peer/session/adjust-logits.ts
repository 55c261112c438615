/**
 * What a request changes about the model's logits before anything is drawn, in llama.cpp's order: biases, the repetition
 * penalty (of CTRL, https://arxiv.org/abs/1909.05858), then OpenAI's frequency and presence penalties.
 */
import type { Sampling } from './types.ts'

/** Tokens, prompt and answer, that the repetition penalty looks back on: llama.cpp's default; a word further off is no repetition. */
const REPETITION_WINDOW = 64

export interface Adjustment {
  bias: number
  /** Within the window of the repetition penalty. */
  repeated: boolean
  /** Times in the answer: OpenAI counts what was sampled, not the prompt. */
  count: number
}

/** By id; ids that nothing changes are left out. */
export type Adjustments = ReadonlyMap<number, Adjustment>

export const noAdjustments: Adjustments = new Map()

/** `tokens`: the prompt, `promptLength` of them, and the answer so far. */
export function adjustmentsOf(sampling: Sampling, tokens: readonly number[], promptLength: number): Adjustments {
  const { logitBias, repetitionPenalty, frequencyPenalty, presencePenalty } = sampling
  const adjustments = new Map<number, Adjustment>()
  const of = (id: number): Adjustment => {
    const known = adjustments.get(id)
    if (known !== undefined) return known
    const added = { bias: 0, repeated: false, count: 0 }
    adjustments.set(id, added)
    return added
  }
  for (const [id, bias] of logitBias) if (bias !== 0) of(id).bias = bias
  if (repetitionPenalty !== 1) for (const id of tokens.slice(-REPETITION_WINDOW)) of(id).repeated = true
  if (frequencyPenalty !== 0 || presencePenalty !== 0) for (const id of tokens.slice(promptLength)) of(id).count++
  return adjustments
}

export function adjust(logit: number, { bias, repeated, count }: Adjustment, sampling: Sampling): number {
  let adjusted = logit + bias
  // Away from zero on either side, so that a penalty above 1 always makes it less likely.
  if (repeated) adjusted = adjusted > 0 ? adjusted / sampling.repetitionPenalty : adjusted * sampling.repetitionPenalty
  return adjusted - count * sampling.frequencyPenalty - (count > 0 ? sampling.presencePenalty : 0)
}
