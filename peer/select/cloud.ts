/**
 * A cloud endpoint, asked through OpenAI's own client. Its retries are off: they know neither the deadline nor the other arms.
 * What comes back is an outside input: bounded in bytes, and an answer only when it says how it ended.
 */
import OpenAI from 'openai'
import { CloudError } from '../errors.ts'
import type { CompletionRequest } from '../session/types.ts'
import { type CloudOptions, cloudArm } from './cloud-options.ts'
import { cloudBody, EDGE_ONLY_HEADER } from './cloud-request.ts'

export interface Usage {
  promptTokens: number
  completionTokens: number
}

export type CloudEvent =
  | { type: 'text'; text: string }
  /** The text is whole; usage may follow. */
  | { type: 'ended'; reason: 'stop' | 'length' }
  | { type: 'usage'; usage: Usage }

/** Bytes sent and received so far, for who reckons energy and bandwidth. */
export interface ByteMeter {
  bytes: number
}

export interface Cloud {
  readonly options: CloudOptions
  /** Leaving the loop or aborting closes the connection. @throws what OpenAI's client throws, CloudError, the signal's reason */
  answer: (
    request: CompletionRequest,
    maxTokens: number,
    stream: boolean,
    meter: ByteMeter,
    signal: AbortSignal
  ) => AsyncGenerator<CloudEvent, void, undefined>
}

/** Ours are the limits; the client's own must not come before them. A timer of Node's holds no more. */
const CLIENT_TIMEOUT_MS = 2 ** 31 - 1
/** Of an answer's frame, and for each token: a chunk's JSON around a word, with room for what providers add. */
const FRAME_BYTES = 256 * 1024
const TOKEN_BYTES = 4 * 1024
const MAX_TOKENS_TOLD = 1e9

export function openCloud(options: CloudOptions): Cloud {
  const { key } = options
  const client = new OpenAI({
    baseURL: options.url,
    apiKey: key ?? 'none',
    // Else taken from variables that were set for somebody else's endpoint.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // A Shoal gateway answers from its own peers then: two that are each other's cloud would send a request round and round.
    defaultHeaders: { [EDGE_ONLY_HEADER]: 'true', ...(key === undefined ? { authorization: null } : {}) },
    maxRetries: 0,
    timeout: CLIENT_TIMEOUT_MS,
    logLevel: 'off'
  })
  const name = cloudArm(options)
  return {
    options,
    async *answer(request, maxTokens, stream, meter, signal) {
      const limit = FRAME_BYTES + maxTokens * TOKEN_BYTES
      const asked = client.withOptions({ fetch: meteredFetch(meter, limit, name) })
      const body = cloudBody(request, maxTokens, options)
      if (stream) yield* streamed(asked, request, body, name, signal)
      else yield* whole(asked, request, body, name, signal)
    }
  }
}

type ChatBody = OpenAI.ChatCompletionCreateParamsNonStreaming
type TextBody = OpenAI.CompletionCreateParamsNonStreaming

async function* streamed(
  client: OpenAI,
  { input }: CompletionRequest,
  body: object,
  name: string,
  signal: AbortSignal
): AsyncGenerator<CloudEvent, void, undefined> {
  const dressed = { stream: true as const, stream_options: { include_usage: true } }
  const chunks =
    'text' in input
      ? await client.completions.create({ ...(body as TextBody), ...dressed }, { signal })
      : await client.chat.completions.create({ ...(body as ChatBody), ...dressed }, { signal })
  let empty = true
  let ended = false
  for await (const chunk of chunks as AsyncIterable<unknown>) {
    const { choices, usage } = chunk as Answered
    const choice = Array.isArray(choices) ? choices[0] : undefined
    const text = 'text' in input ? choice?.text : choice?.delta?.content
    if (!ended && typeof text === 'string' && text !== '') {
      empty = false
      yield { type: 'text', text }
    }
    if (!ended && typeof choice?.finish_reason === 'string') {
      if (empty) throw new CloudError(`${name} answered nothing`)
      ended = true
      yield { type: 'ended', reason: reasonOf(choice.finish_reason) }
    }
    const told = usageOf(usage)
    if (told !== undefined) yield { type: 'usage', usage: told }
  }
  // The client ends an aborted stream without a word.
  signal.throwIfAborted()
  if (!ended) throw new CloudError(`${name} ended without saying how`)
}

async function* whole(
  client: OpenAI,
  { input }: CompletionRequest,
  body: object,
  name: string,
  signal: AbortSignal
): AsyncGenerator<CloudEvent, void, undefined> {
  const answered: unknown =
    'text' in input
      ? await client.completions.create(body as TextBody, { signal })
      : await client.chat.completions.create(body as ChatBody, { signal })
  signal.throwIfAborted()
  const { choices, usage } = (typeof answered === 'object' && answered !== null ? answered : {}) as Answered
  const choice = Array.isArray(choices) ? choices[0] : undefined
  const text = 'text' in input ? choice?.text : choice?.message?.content
  if (typeof text !== 'string' || text === '') throw new CloudError(`${name} answered nothing`)
  if (typeof choice?.finish_reason !== 'string') throw new CloudError(`${name} ended without saying how`)
  yield { type: 'text', text }
  yield { type: 'ended', reason: reasonOf(choice.finish_reason) }
  const told = usageOf(usage)
  if (told !== undefined) yield { type: 'usage', usage: told }
}

/** What an endpoint should send; nothing of it is certain. */
interface Answered {
  choices?: { text?: unknown; delta?: { content?: unknown }; message?: { content?: unknown }; finish_reason?: unknown }[]
  usage?: unknown
}

function reasonOf(told: string): 'stop' | 'length' {
  return told === 'length' ? 'length' : 'stop'
}

function usageOf(value: unknown): Usage | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = value as Record<string, unknown>
  return isCount(promptTokens) && isCount(completionTokens) ? { promptTokens, completionTokens } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKENS_TOLD
}

/** Counts what goes and comes; an answer that is longer than any to this request breaks off, before memory is taken for it. */
function meteredFetch(meter: ByteMeter, limit: number, name: string): typeof fetch {
  return async (input, init) => {
    if (typeof init?.body === 'string') meter.bytes += new TextEncoder().encode(init.body).byteLength
    const response = await fetch(input, init)
    if (response.body === null) return response
    let left = limit
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          meter.bytes += chunk.byteLength
          left -= chunk.byteLength
          if (left < 0) controller.error(new CloudError(`${name} answers with more than ${limit} bytes`))
          else controller.enqueue(chunk)
        }
      })
    )
    const { status, statusText, headers } = response
    return new Response(counted, { status, statusText, headers })
  }
}
