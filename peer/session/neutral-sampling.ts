import type { Sampling } from './types.ts'

/** Draws from the model's own distribution, nothing filtered, penalised or biased: what every other sampling is a change of. */
export const neutralSampling: Readonly<Sampling> = Object.freeze({
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  typicalP: 1,
  repetitionPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logitBias: Object.freeze([]),
  seed: 0
})
