/**
 * The objects of OpenAI's API that carry an answer, whole or as chunks. One builder for both APIs: they differ in names
 * and in where the text sits. Shoal's own field `shoal` says which peers answered and how long each took.
 */
import type { ChainHop, CompletionEvent, Placement, Recovered, ShownLogprob } from '../session/types.ts'
import { chatLogprobs, textLogprobs } from './logprob-objects.ts'

export type Api = 'chat' | 'text'
type Finished = Extract<CompletionEvent, { type: 'finished' }>

export interface AnswerHeader {
  api: Api
  id: string
  /** Unix seconds. */
  created: number
  model: string
  digest: string
}

export interface AnswerTrace {
  chain: ChainHop[]
  recoveries: Recovered[]
  /** Where there was a choice: the arms that the request went to, the one that answered last. */
  placements: readonly Placement[]
}

export function answerId(api: Api): string {
  return `${api === 'chat' ? 'chatcmpl' : 'cmpl'}-${crypto.randomUUID().replaceAll('-', '')}`
}

export function wholeAnswer(
  header: AnswerHeader,
  text: string,
  logprobs: readonly ShownLogprob[] | undefined,
  finished: Finished,
  trace: AnswerTrace
) {
  const choice = header.api === 'chat' ? { message: { role: 'assistant', content: text, refusal: null } } : { text }
  return {
    ...frame(header, header.api === 'chat' ? 'chat.completion' : 'text_completion'),
    choices: [{ index: 0, ...choice, logprobs: logprobsOf(header, logprobs), finish_reason: finished.reason }],
    usage: usage(finished),
    shoal: shoalPart(header, finished, trace)
  }
}

/** A piece of the answer; a chat's first names the role. */
export function textChunk(header: AnswerHeader, text: string, first: boolean, logprobs?: readonly ShownLogprob[]) {
  const choice = header.api === 'chat' ? { delta: { ...(first ? { role: 'assistant' } : {}), content: text } } : { text }
  return chunk(header, [{ index: 0, ...choice, logprobs: logprobsOf(header, logprobs), finish_reason: null }])
}

export function finalChunk(header: AnswerHeader, finished: Finished, trace: AnswerTrace) {
  const choice = header.api === 'chat' ? { delta: {} } : { text: '' }
  return {
    ...chunk(header, [{ index: 0, ...choice, logprobs: null, finish_reason: finished.reason }]),
    shoal: shoalPart(header, finished, trace)
  }
}

/** What `stream_options.include_usage` asks for: the last chunk, without choices. */
export function usageChunk(header: AnswerHeader, finished: Finished) {
  return { ...chunk(header, []), usage: usage(finished) }
}

function logprobsOf({ api }: AnswerHeader, logprobs: readonly ShownLogprob[] | undefined) {
  if (logprobs === undefined) return null
  return api === 'chat' ? chatLogprobs(logprobs) : textLogprobs(logprobs)
}

function chunk(header: AnswerHeader, choices: object[]) {
  return { ...frame(header, header.api === 'chat' ? 'chat.completion.chunk' : 'text_completion'), choices }
}

function frame({ id, created, model, digest }: AnswerHeader, object: string) {
  return { id, object, created, model, system_fingerprint: `shoal-${digest.slice(0, 16)}` }
}

function usage({ promptTokens, completionTokens }: Finished) {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens }
}

function shoalPart({ digest }: AnswerHeader, finished: Finished, { chain, recoveries, placements }: AnswerTrace) {
  return {
    model_digest: digest,
    ttft_ms: finished.ttftMs,
    tpot_ms: finished.tpotMs,
    chain: chain.map(({ peer, span }, hop) => ({
      peer,
      layers: [span.first, span.end],
      queue_ms: finished.hops[hop]?.queueMs ?? null,
      compute_ms: finished.hops[hop]?.computeMs ?? null
    })),
    recoveries: recoveries.map(recovered => ({
      lost: recovered.lost,
      epoch: recovered.epoch,
      pause_ms: recovered.pauseMs,
      replayed: recovered.replayed,
      chain: recovered.chain.map(({ peer, span }) => ({ peer, layers: [span.first, span.end] })),
      numerics_changed: recovered.numericsChanged
    })),
    ...(finished.drafts === undefined ? {} : { drafts: finished.drafts }),
    ...(placements.length === 0 ? {} : { placements })
  }
}
