/**
 * A gateway that stands beside this swarm, asked over HTTP: it drives the chain in this tab's place, and may send a request
 * to a cloud where its operator allows it. What it says is read as a stranger's words.
 */
import { BusyError, CloudError, errorFromCode, type ShoalError } from '../peer/errors.ts'
import { neutralSampling } from '../peer/session/neutral-sampling.ts'
import type { CompletionEvent, CompletionRequest, Sampling } from '../peer/session/types.ts'
import { readEvents } from './event-stream.ts'
import { readAnswerTrace } from './gateway-trace.ts'
import { isRecord } from './records.ts'
import type { AnswerTrace } from './state.ts'

/** What the trace of an answer gets that a gateway gave: its chain is told at the end. */
export type ToldTrace = Partial<Omit<AnswerTrace, 'tokens' | 'gateway'>>

export type GatewayEvent =
  | (CompletionEvent & { type: 'text' })
  | { type: 'told'; trace: ToldTrace }
  | { type: 'ended'; reason: 'stop' | 'length'; trace: ToldTrace }

/** Of a stranger's words in our own message. */
const MAX_QUOTE = 200
const ARM_HEADER = 'x-shoal-arm'

/**
 * One chat completion. Ends after `ended`.
 * @param url of the gateway, with a slash at its end
 * @throws ShoalError, the signal's reason
 */
export async function* askGateway(
  url: string,
  digest: string,
  { input, maxTokens, sampling }: CompletionRequest,
  signal: AbortSignal
): AsyncGenerator<GatewayEvent, void, undefined> {
  if (!('messages' in input)) throw new CloudError('a gateway is asked by messages only')
  const body = {
    model: digest,
    messages: input.messages,
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...samplingFields(sampling),
    stream: true,
    stream_options: { include_usage: true }
  }
  const headers = { 'content-type': 'application/json' }
  const response = await fetchFrom(url, 'v1/chat/completions', {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal
  })
  if (!response.ok) throw await failureOf(response)
  if (response.body === null) throw new CloudError(`${url} sent no answer`)
  const arm = response.headers.get(ARM_HEADER)
  if (arm !== null) yield { type: 'told', trace: { placements: [{ class: '', arm: arm.slice(0, MAX_QUOTE), reason: '' }] } }
  let reason: 'stop' | 'length' | undefined
  let trace: ToldTrace = {}
  for await (const chunk of readEvents(response.body)) {
    if (!isRecord(chunk)) throw new CloudError('the stream has a line that is no object')
    if (isRecord(chunk.error)) throw errorOf(chunk.error, undefined)
    const choice = Array.isArray(chunk.choices) ? (chunk.choices[0] as unknown) : undefined
    if (isRecord(choice)) {
      const { delta, finish_reason: ended } = choice
      if (isRecord(delta) && typeof delta.content === 'string') yield { type: 'text', text: delta.content, tokens: [] }
      if (ended === 'stop' || ended === 'length') reason = ended
    }
    if (isRecord(chunk.shoal)) trace = { ...trace, ...readAnswerTrace(chunk.shoal) }
    if (isRecord(chunk.usage)) trace = { ...trace, ...readUsage(chunk.usage) }
  }
  if (reason === undefined) throw new CloudError(`${url} ended the answer without saying how`)
  yield { type: 'ended', reason, trace }
}

/** What GET /v1/shoal/selector tells; undefined where this gateway chooses nothing. @throws CloudError, the signal's reason */
export async function fetchSelector(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetchFrom(url, 'v1/shoal/selector', { signal, cache: 'no-store' })
  if (response.status === 404) return undefined
  if (!response.ok) throw await failureOf(response)
  try {
    return await response.json()
  } catch (cause) {
    signal.throwIfAborted()
    throw new CloudError(`${url} tells of its choices what is no JSON`, {}, { cause })
  }
}

async function fetchFrom(url: string, path: string, options: RequestInit & { signal: AbortSignal }): Promise<Response> {
  try {
    return await fetch(new URL(path, url), { ...options, credentials: 'omit' })
  } catch (cause) {
    options.signal.throwIfAborted()
    throw new CloudError(`${url} does not answer`, {}, { cause })
  }
}

/** Fields that change nothing are left out: a cloud may not know them, and would then not be asked. */
function samplingFields({ temperature, topP, topK, minP, repetitionPenalty, seed }: Sampling): object {
  return {
    temperature,
    seed,
    ...(topP === neutralSampling.topP ? {} : { top_p: topP }),
    ...(topK === neutralSampling.topK ? {} : { top_k: topK }),
    ...(minP === neutralSampling.minP ? {} : { min_p: minP }),
    ...(repetitionPenalty === neutralSampling.repetitionPenalty ? {} : { repetition_penalty: repetitionPenalty })
  }
}

async function failureOf(response: Response): Promise<ShoalError> {
  const told: unknown = await response.json().catch(() => undefined)
  const error = isRecord(told) && isRecord(told.error) ? told.error : {}
  return errorOf(error, response.status)
}

/** The gateway's codes are Shoal's own in small letters, but where OpenAI has one. */
function errorOf({ message, code }: Record<string, unknown>, status: number | undefined): ShoalError {
  const words = typeof message === 'string' ? message.slice(0, MAX_QUOTE) : `status ${status}`
  if (code === 'context_length_exceeded') return errorFromCode('CONTEXT_LENGTH', words)
  if (status === 429) return new BusyError(words)
  if (typeof code === 'string' && TOLD_CODES.has(code)) return errorFromCode(code.toUpperCase(), words)
  return new CloudError(words)
}

const TOLD_CODES = new Set(['busy', 'no_route', 'peer_lost', 'peer_leaving', 'deadline'])

function readUsage({ prompt_tokens: prompt, completion_tokens: completion }: Record<string, unknown>): ToldTrace {
  return {
    ...(Number.isSafeInteger(prompt) ? { promptTokens: prompt as number } : {}),
    ...(Number.isSafeInteger(completion) ? { answerTokens: completion as number } : {})
  }
}
