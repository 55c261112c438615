/**
 * Asks a gateway over its own HTTP API, streaming: what any client of OpenAI's API does, plus Shoal's word on the chain.
 */
import { errorFromCode, SourceError } from '../errors.ts'
import type { ChainReport } from './chain-report.ts'

interface Chunk {
  model: string
  choices: { delta: { content?: string } }[]
  usage?: { completion_tokens: number } | null
  shoal?: {
    ttft_ms: number
    tpot_ms: number
    chain: { peer: string; layers: [number, number]; queue_ms: number | null; compute_ms: number | null }[]
  }
  error?: { message: string; code: string | null }
}

export interface ChatAsk {
  content: string
  maxTokens: number
  temperature: number
  seed: number
}

/** @returns the chain and its times, and the model's name */
export async function streamChat(
  gateway: string,
  ask: ChatAsk,
  onText: (text: string) => void,
  signal: AbortSignal
): Promise<ChainReport & { model: string }> {
  const models = await (await fetch(`${gateway}/v1/models`, { signal })).json()
  const model: string | undefined = models.data[0]?.id
  if (model === undefined) throw new SourceError(`${gateway} serves no model`)
  const response = await fetch(`${gateway}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: ask.content }],
      max_tokens: ask.maxTokens,
      temperature: ask.temperature,
      seed: ask.seed,
      stream: true,
      stream_options: { include_usage: true }
    }),
    signal
  })
  if (!response.ok) throw failure(await response.json(), `${gateway} answered ${response.status}`)
  const report = { model, chain: [], hops: [], ttftMs: 0, tpotMs: 0, completionTokens: 0 } as ChainReport & { model: string }
  for await (const chunk of chunks(response.body!)) {
    if (chunk.error !== undefined) throw failure(chunk, 'the answer broke off')
    const text = chunk.choices[0]?.delta.content
    if (text) onText(text)
    if (chunk.usage) report.completionTokens = chunk.usage.completion_tokens
    if (chunk.shoal === undefined) continue
    const { chain, ttft_ms, tpot_ms } = chunk.shoal
    report.ttftMs = ttft_ms
    report.tpotMs = tpot_ms
    report.chain = chain.map(({ peer, layers: [first, end] }) => ({ peer, span: { first, end } }))
    report.hops = chain.map(({ queue_ms, compute_ms }) => ({ queueMs: queue_ms ?? 0, computeMs: compute_ms ?? 0 }))
  }
  return report
}

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Chunk> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.startsWith('data: {')) yield JSON.parse(line.slice('data: '.length))
  }
}

function failure({ error }: { error?: { message: string; code: string | null } }, otherwise: string): Error {
  return errorFromCode(error?.code?.toUpperCase() ?? 'INTERNAL', error?.message ?? otherwise)
}
