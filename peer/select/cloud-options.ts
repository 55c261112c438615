/** What an operator tells of a cloud endpoint. */
import type { Budget } from './budget.ts'

export interface CloudOptions {
  /** Its arm is `cloud:` and this. */
  name: string
  /** Base URL of an OpenAI-compatible API, /v1 included. */
  url: string
  /** As the endpoint calls it. */
  model: string
  /** Sent as a bearer token; never logged. */
  key: string | undefined
  /** Names or digests of the models here that it may answer for; undefined: of every one. */
  serves: readonly string[] | undefined
  /** It has /completions beside /chat/completions. */
  textApi: boolean
  /** OpenAI's newer models refuse the older name, many other servers know no other. */
  tokensField: 'max_tokens' | 'max_completion_tokens'
  /** It takes top_k, min_p, typical_p and repetition_penalty, as Shoal and others do. */
  samplingExtensions: boolean
  /** Per token, in the budget's currency. */
  price: { prompt: number; completion: number }
  /** What answering one request takes while it is under way, unless joules are given per token. */
  watts: number
  joulesPerToken: number | undefined
  /** Infinite for none. */
  limits: { concurrent: number; requestsPerMinute: number; tokensPerMinute: number }
  /** Of an endpoint in good health: what deadlines are held against before it is asked. What it really does is learned. */
  expected: { firstTokenMs: number; perTokenMs: number }
  /** Bytes a second; infinite for unknown. */
  bandwidth: number
  contextLength: number
  /** Of this endpoint alone. */
  budget: Budget | undefined
}

export function cloudArm({ name }: Pick<CloudOptions, 'name'>): string {
  return `cloud:${name}`
}
