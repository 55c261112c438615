/**
 * From a request of Shoal's to the body an OpenAI-compatible endpoint takes, and what of it such an endpoint can't do: a
 * setting that is silently left out would be a wrong answer.
 */
import { neutralSampling } from '../session/neutral-sampling.ts'
import type { CompletionRequest, Sampling } from '../session/types.ts'
import type { CloudOptions } from './cloud-options.ts'

/** By which a request asks a Shoal gateway that its text stay at that gateway's edge. */
export const EDGE_ONLY_HEADER = 'x-shoal-edge-only'

type Endpoint = Pick<CloudOptions, 'textApi' | 'samplingExtensions' | 'tokensField' | 'model'>

/** What the endpoint can't do of it, in a word; undefined when it can do all. */
export function beyondCloud({ input, sampling, logprobs, answered }: CompletionRequest, cloud: Endpoint): string | undefined {
  if ('text' in input && !cloud.textApi) return 'text'
  // No API of this kind goes on after half an answer of its own.
  if ('messages' in input && answered !== undefined && answered !== '') return 'continuing'
  // Calls would come back in a form of their own, where this gateway gives text.
  if ('messages' in input && input.tools !== undefined) return 'tools'
  if (logprobs !== undefined) return 'logprobs'
  // Ids of another model's tokens.
  if (sampling.logitBias.length > 0) return 'logit_bias'
  const { topK, minP, typicalP, repetitionPenalty } = neutralSampling
  const extended =
    sampling.topK !== topK ||
    sampling.minP !== minP ||
    sampling.typicalP !== typicalP ||
    sampling.repetitionPenalty !== repetitionPenalty
  return extended && !cloud.samplingExtensions ? 'sampling' : undefined
}

/** The body of either API, without what makes it a stream. */
export function cloudBody({ input, sampling, stop, answered = '' }: CompletionRequest, maxTokens: number, cloud: Endpoint) {
  const asked = 'text' in input ? { prompt: input.text + answered } : { messages: input.messages }
  // The older API has the older name only.
  const tokensField = 'text' in input ? 'max_tokens' : cloud.tokensField
  return {
    model: cloud.model,
    ...asked,
    [tokensField]: maxTokens,
    ...samplingBody(sampling, cloud.samplingExtensions),
    ...(stop.length === 0 ? {} : { stop })
  }
}

function samplingBody(sampling: Sampling, extensions: boolean): Record<string, number> {
  const body: Record<string, number> = { temperature: sampling.temperature, seed: sampling.seed }
  const told = (name: string, value: number, neutral: number) => {
    if (value !== neutral) body[name] = value
  }
  told('top_p', sampling.topP, neutralSampling.topP)
  told('frequency_penalty', sampling.frequencyPenalty, neutralSampling.frequencyPenalty)
  told('presence_penalty', sampling.presencePenalty, neutralSampling.presencePenalty)
  if (!extensions) return body
  told('top_k', sampling.topK, neutralSampling.topK)
  told('min_p', sampling.minP, neutralSampling.minP)
  told('typical_p', sampling.typicalP, neutralSampling.typicalP)
  told('repetition_penalty', sampling.repetitionPenalty, neutralSampling.repetitionPenalty)
  return body
}

/** More than any tokenizer makes of a prompt: no token is shorter than a byte, and a template adds a few around each message. */
export function mostPromptTokens({ input, answered = '' }: CompletionRequest): number {
  const text = 'text' in input ? input.text : JSON.stringify(input.messages)
  const messages = 'text' in input ? 1 : input.messages.length
  return new TextEncoder().encode(text + answered).byteLength + 16 * messages
}
