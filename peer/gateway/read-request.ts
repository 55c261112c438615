/**
 * From a body of OpenAI's chat or completions API to a request of Shoal's. What Shoal does not compute is refused by
 * name. Shapes: https://platform.openai.com/docs/api-reference/chat/create and …/completions/create.
 */
import type { CompletionRequest } from '../session/types.ts'
import { type Body, invalid, readBody, readBoolean, readNumber, readString, refuseUnknown, refuseUnless } from './fields.ts'
import { MAX_NAME_LENGTH, MAX_STOP_LENGTH, MAX_STOP_TEXTS } from './limits.ts'
import { readMessages, readTools } from './read-messages.ts'
import { readChatLogprobs, readSampling, readTextLogprobs, samplingFields } from './read-sampling.ts'
import { wishFields } from './wish.ts'

export interface ApiRequest {
  model: string
  stream: boolean
  includeUsage: boolean
  completion: CompletionRequest
}

const commonFields = [
  'model',
  'stream',
  'stream_options',
  'max_tokens',
  ...samplingFields,
  'stop',
  'n',
  'logprobs',
  'user',
  'shoal',
  'service_tier',
  ...wishFields
]
const chatFields = new Set([
  ...commonFields,
  'messages',
  'max_completion_tokens',
  'top_logprobs',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'modalities',
  'store',
  'metadata',
  'safety_identifier',
  'prompt_cache_key'
])
const textFields = new Set([...commonFields, 'prompt', 'best_of', 'echo', 'suffix'])

export function readChatRequest(value: unknown): ApiRequest {
  const body = readBody(value)
  refuseUnknown(body, chatFields)
  const tools = readTools(body)
  refuseUnless(body, 'response_format', value => (value as Body).type === 'text', 'Response formats other than text are')
  refuseUnless(
    body,
    'modalities',
    value => Array.isArray(value) && value.every(kind => kind === 'text'),
    'Modalities other than text are'
  )
  refuseUnless(body, 'store', value => value === false, 'Storing answers is')
  return {
    ...readCommon(body),
    completion: readCompletion(
      body,
      { messages: readMessages(body.messages), ...(tools === undefined ? {} : { tools }) },
      readMaxTokens(body, ['max_completion_tokens', 'max_tokens']),
      readChatLogprobs(body)
    )
  }
}

export function readTextRequest(value: unknown): ApiRequest {
  const body = readBody(value)
  refuseUnknown(body, textFields)
  refuseUnless(body, 'best_of', value => value === 1, "'best_of' above 1 is")
  refuseUnless(body, 'echo', value => value === false, "'echo' is")
  refuseUnless(body, 'suffix', value => value === '', "'suffix' is")
  // OpenAI's default for this older API, and its alone.
  const maxTokens = readMaxTokens(body, ['max_tokens']) ?? 16
  return {
    ...readCommon(body),
    completion: readCompletion(body, { text: readPrompt(body.prompt) }, maxTokens, readTextLogprobs(body))
  }
}

function readCommon(body: Body): Omit<ApiRequest, 'completion'> {
  refuseUnless(body, 'n', value => value === 1, "'n' above 1 is")
  const stream = readBoolean(body, 'stream')
  const options = body.stream_options ?? undefined
  if (options !== undefined && !stream) throw invalid('stream_options', "'stream_options' goes with 'stream': true only")
  const streamOptions = options === undefined ? {} : readBody(options)
  refuseUnknown(streamOptions, new Set(['include_usage', 'include_obfuscation']))
  return {
    model: readString(body, 'model', MAX_NAME_LENGTH),
    stream,
    includeUsage: readBoolean(streamOptions, 'include_usage')
  }
}

function readCompletion(
  body: Body,
  input: CompletionRequest['input'],
  maxTokens: number | undefined,
  logprobs: number | undefined
): CompletionRequest {
  return {
    input,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    sampling: readSampling(body),
    stop: readStop(body.stop),
    ...readShoal(body.shoal),
    ...(body.service_tier === 'flex' ? { background: true } : {}),
    ...(logprobs === undefined ? {} : { logprobs })
  }
}

/** What OpenAI's API has no field for; what is absent is the gateway's to say. */
function readShoal(value: unknown): Pick<CompletionRequest, 'standby' | 'speculate'> {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid('shoal', "'shoal' must be an object")
  const wishes = value as Body
  refuseUnknown(wishes, new Set(['standby', 'speculate']))
  return {
    ...(isGiven(wishes.standby) ? { standby: readBoolean(wishes, 'standby') } : {}),
    ...(isGiven(wishes.speculate) ? { speculate: readBoolean(wishes, 'speculate') } : {})
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

function readMaxTokens(body: Body, names: string[]): number | undefined {
  return names.map(name => readNumber(body, name, { min: 1, max: 2 ** 31 - 1, integer: true })).find(value => value !== undefined)
}

function readStop(value: unknown): string[] {
  if (value === undefined || value === null) return []
  const texts = Array.isArray(value) ? value : [value]
  if (texts.length > MAX_STOP_TEXTS) throw invalid('stop', `'stop' takes at most ${MAX_STOP_TEXTS} texts`)
  for (const text of texts)
    if (typeof text !== 'string' || text === '' || text.length > MAX_STOP_LENGTH)
      throw invalid('stop', `'stop' must be non-empty strings of at most ${MAX_STOP_LENGTH} characters`)
  return texts
}

function readPrompt(value: unknown): string {
  const prompt = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (typeof prompt !== 'string' || prompt === '')
    throw invalid('prompt', "'prompt' must be one non-empty string; token ids and several prompts are not supported")
  return prompt
}
