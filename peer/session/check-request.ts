/** What a completion request must be before anything is done for it; the errors name the field as the OpenAI API does. */
import { ContextLengthError, InvalidRequestError } from '../errors.ts'
import type { CompletionRequest } from './types.ts'

/** As many as the OpenAI API takes, and a few more. */
const MAX_STOPS = 16
/** UTF-16 units; each token's text is scanned against all of them. */
const MAX_STOP_LENGTH = 1_024
const MAX_TEMPERATURE = 100

/** @throws InvalidRequestError */
export function checkRequest({ sampling, stop, maxTokens, deadlineMs }: CompletionRequest): void {
  const { temperature, topK, topP, minP, seed } = sampling
  demand(temperature >= 0 && temperature <= MAX_TEMPERATURE, 'temperature', `is between 0 and ${MAX_TEMPERATURE}`)
  demand(Number.isInteger(topK) && topK >= 0, 'top_k', 'is a whole number from 0')
  demand(topP > 0 && topP <= 1, 'top_p', 'is above 0 and at most 1')
  demand(minP >= 0 && minP <= 1, 'min_p', 'is between 0 and 1')
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
