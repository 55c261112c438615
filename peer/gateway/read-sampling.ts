/**
 * The fields of a request that say how tokens are drawn, and which log-probabilities are told: OpenAI's, and those of other
 * servers under the names they have there (top_k, min_p, typical_p, repetition_penalty).
 */
import { neutralSampling } from '../session/neutral-sampling.ts'
import type { Sampling } from '../session/types.ts'
import { type Body, invalid, readBoolean, readNumber } from './fields.ts'
import { MAX_BIAS, MAX_BIASES, MAX_TEXT_LOGPROBS, MAX_TOP_LOGPROBS } from './limits.ts'

export const samplingFields = [
  'temperature',
  'top_k',
  'top_p',
  'min_p',
  'typical_p',
  'repetition_penalty',
  'frequency_penalty',
  'presence_penalty',
  'logit_bias',
  'seed'
]

export function readSampling(body: Body): Sampling {
  const number = (name: string, min: number, max: number) => readNumber(body, name, { min, max })
  const seed = readNumber(body, 'seed', { min: -(2 ** 53 - 1), max: 2 ** 53 - 1, integer: true })
  return {
    temperature: number('temperature', 0, 2) ?? neutralSampling.temperature,
    topP: number('top_p', 0, 1) ?? neutralSampling.topP,
    topK: readNumber(body, 'top_k', { min: 0, max: 2 ** 31 - 1, integer: true }) ?? neutralSampling.topK,
    minP: number('min_p', 0, 1) ?? neutralSampling.minP,
    typicalP: number('typical_p', 0, 1) ?? neutralSampling.typicalP,
    repetitionPenalty: number('repetition_penalty', 0.1, 10) ?? neutralSampling.repetitionPenalty,
    frequencyPenalty: number('frequency_penalty', -2, 2) ?? neutralSampling.frequencyPenalty,
    presencePenalty: number('presence_penalty', -2, 2) ?? neutralSampling.presencePenalty,
    logitBias: readLogitBias(body.logit_bias),
    seed: seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : seed >>> 0
  }
}

/** An object from token id, as a decimal string, to bias. Ids beyond the vocabulary are for the session to refuse. */
function readLogitBias(value: unknown): Sampling['logitBias'] {
  if (value === undefined || value === null) return neutralSampling.logitBias
  if (typeof value !== 'object' || Array.isArray(value))
    throw invalid('logit_bias', "'logit_bias' must be an object from token ids to numbers")
  const entries = Object.entries(value)
  if (entries.length > MAX_BIASES) throw invalid('logit_bias', `'logit_bias' takes at most ${MAX_BIASES} ids`)
  return entries.map(([id, bias]: [string, unknown]) => {
    if (!/^(0|[1-9]\d{0,9})$/.test(id)) throw invalid('logit_bias', `'logit_bias' has '${id.slice(0, 64)}', which is no token id`)
    if (typeof bias !== 'number' || !(Math.abs(bias) <= MAX_BIAS))
      throw invalid('logit_bias', `'logit_bias' of ${id} must be a number from -${MAX_BIAS} to ${MAX_BIAS}`)
    return [Number(id), bias]
  })
}

/** The chat API's `logprobs` and `top_logprobs`: how many of the likeliest to tell with each token; undefined: tell nothing. */
export function readChatLogprobs(body: Body): number | undefined {
  const told = readBoolean(body, 'logprobs')
  const top = readNumber(body, 'top_logprobs', { min: 0, max: MAX_TOP_LOGPROBS, integer: true })
  if (top !== undefined && top > 0 && !told) throw invalid('top_logprobs', "'top_logprobs' goes with 'logprobs': true only")
  return told ? (top ?? 0) : undefined
}

/** The same of the completions API, where `logprobs` is the number. */
export function readTextLogprobs(body: Body): number | undefined {
  return readNumber(body, 'logprobs', { min: 0, max: MAX_TEXT_LOGPROBS, integer: true })
}
