/** What a completion request must be before anything is done for it; the errors name the field as the OpenAI API does. */
import { ContextLengthError, InvalidRequestError } from '../errors.ts'
import { MAX_LOGPROBS } from './logprobs.ts'
import type { CompletionRequest } from './types.ts'

/** As many as the OpenAI API takes, and a few more. */
const MAX_STOPS = 16
/** UTF-16 units; each token's text is scanned against all of them. */
const MAX_STOP_LENGTH = 1_024
const MAX_TEMPERATURE = 100
/** Either way: far beyond what any model's logits span. */
const MAX_PENALTY = 1_000
const MAX_REPETITION_PENALTY = 100
/** As many ids as one step may ask about, less those that penalties need. */
const MAX_BIASES = 2_048

/** @throws InvalidRequestError */
export function checkRequest({ sampling, stop, maxTokens, logprobs, deadlineMs }: CompletionRequest, vocabulary: number): void {
  const { temperature, topK, topP, minP, typicalP, seed } = sampling
  const { repetitionPenalty, frequencyPenalty, presencePenalty, logitBias } = sampling
  demand(temperature >= 0 && temperature <= MAX_TEMPERATURE, 'temperature', `is between 0 and ${MAX_TEMPERATURE}`)
  demand(Number.isInteger(topK) && topK >= 0, 'top_k', 'is a whole number from 0')
  demand(topP > 0 && topP <= 1, 'top_p', 'is above 0 and at most 1')
  demand(minP >= 0 && minP <= 1, 'min_p', 'is between 0 and 1')
  demand(typicalP > 0 && typicalP <= 1, 'typical_p', 'is above 0 and at most 1')
  demand(
    repetitionPenalty >= 1 / MAX_REPETITION_PENALTY && repetitionPenalty <= MAX_REPETITION_PENALTY,
    'repetition_penalty',
    `is between ${1 / MAX_REPETITION_PENALTY} and ${MAX_REPETITION_PENALTY}`
  )
  demand(Math.abs(frequencyPenalty) <= MAX_PENALTY, 'frequency_penalty', `is between -${MAX_PENALTY} and ${MAX_PENALTY}`)
  demand(Math.abs(presencePenalty) <= MAX_PENALTY, 'presence_penalty', `is between -${MAX_PENALTY} and ${MAX_PENALTY}`)
  demand(logitBias.length <= MAX_BIASES, 'logit_bias', `holds at most ${MAX_BIASES} ids`)
  for (const [id, bias] of logitBias) {
    demand(Number.isInteger(id) && id >= 0 && id < vocabulary, 'logit_bias', `holds ids below ${vocabulary}, not ${id}`)
    demand(Math.abs(bias) <= MAX_PENALTY, 'logit_bias', `holds biases between -${MAX_PENALTY} and ${MAX_PENALTY}`)
  }
  demand(new Set(logitBias.map(([id]) => id)).size === logitBias.length, 'logit_bias', 'holds an id twice')
  demand(
    logprobs === undefined || (Number.isInteger(logprobs) && logprobs >= 0 && logprobs <= MAX_LOGPROBS),
    'top_logprobs',
    `is a whole number from 0 to ${MAX_LOGPROBS}`
  )
  demand(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, 'seed', 'is an unsigned 32-bit number')
  demand(maxTokens === undefined || (Number.isInteger(maxTokens) && maxTokens >= 1), 'max_tokens', 'is a whole number from 1')
  demand(deadlineMs === undefined || deadlineMs > 0, 'deadline_ms', 'is above 0')
  demand(stop.length <= MAX_STOPS, 'stop', `holds at most ${MAX_STOPS} texts`)
  demand(
    stop.every(text => text.length >= 1 && text.length <= MAX_STOP_LENGTH),
    'stop',
    `holds texts of 1 to ${MAX_STOP_LENGTH} characters`
  )
}

/** How many tokens the answer may have. @throws ContextLengthError */
export function answerRoom(promptTokens: number, maxTokens: number | undefined, contextLength: number, param: string): number {
  const left = contextLength - promptTokens
  if (left < 1) {
    throw new ContextLengthError(`the prompt has ${promptTokens} tokens, the model's context holds ${contextLength}`, { param })
  }
  if (maxTokens !== undefined && maxTokens > left) {
    throw new ContextLengthError(
      `${promptTokens} tokens of prompt and ${maxTokens} of answer exceed the model's context of ${contextLength}`,
      { param }
    )
  }
  return maxTokens ?? left
}

function demand(met: boolean, param: string, rule: string): void {
  if (!met) throw new InvalidRequestError(`${param} ${rule}`, { param })
}
