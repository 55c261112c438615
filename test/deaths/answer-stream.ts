/**
 * One answer of a gateway as its bytes come over HTTP: every event of the stream is read and held to its form, so that a
 * gap, a repeat or a word too many shows wherever it is.
 */
import assert from 'node:assert/strict'
import type { GoldenText } from './golden-texts.ts'

export interface StreamedToken {
  text: string
  /** When its event was read, ms of performance.now(). */
  at: number
}

export interface AnswerEnd {
  finish: string
  /** Peers of the last chain, in order. */
  chain: string[]
  /** `replayed`: positions that hops had to compute before the answer went on. */
  recoveries: { lost: string; epoch: number; pause_ms: number; replayed: number }[]
}

interface Chunk {
  id: string
  object: string
  error?: { message: string; code: string | null }
  choices: { text: string; finish_reason: string | null; logprobs: { tokens: string[]; text_offset: number[] } | null }[]
  shoal?: { chain: { peer: string }[]; recoveries: AnswerEnd['recoveries'] }
}

export interface AnswerStream {
  /** Those that came so far. */
  readonly tokens: readonly StreamedToken[]
  readonly ended: Promise<AnswerEnd>
}

/** Asks for the continuation of the text, greedily; `standby` as in the request, undefined: as the gateway has it. */
export function streamAnswer(gateway: string, golden: GoldenText, signal: AbortSignal, standby?: boolean): AnswerStream {
  const tokens: StreamedToken[] = []
  const ended = read(gateway, golden, tokens, signal, standby)
  ended.catch(() => {})
  return { tokens, ended }
}

/** The whole answer, each token once and in its place. */
export function assertGolden({ tokens }: AnswerStream, golden: GoldenText): void {
  assert.deepEqual(
    tokens.map(({ text }) => text),
    golden.tokens
  )
}

async function read(
  gateway: string,
  { prompt, tokens: golden }: GoldenText,
  tokens: StreamedToken[],
  signal: AbortSignal,
  standby: boolean | undefined
): Promise<AnswerEnd> {
  const response = await fetch(`${gateway}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'psalter-6m',
      prompt,
      temperature: 0,
      max_tokens: golden.length,
      // With log-probabilities each chunk says of which tokens it is.
      logprobs: 0,
      stream: true,
      ...(standby === undefined ? {} : { shoal: { standby } })
    }),
    signal
  })
  if (!response.ok) throw new Error(`the gateway answered ${response.status}: ${await response.text()}`)
  let end: AnswerEnd | undefined
  let id: string | undefined
  let offset = 0
  let done = false
  for await (const event of events(response.body!)) {
    assert.ok(!done, `after the end: ${event}`)
    if (event.startsWith(':')) continue
    assert.ok(event.startsWith('data: '), `no event of data: ${event}`)
    const data = event.slice('data: '.length)
    if (data === '[DONE]') {
      done = true
      continue
    }
    const chunk = JSON.parse(data) as Chunk
    if (chunk.error !== undefined) throw new Error(`the answer broke off: ${chunk.error.code} ${chunk.error.message}`)
    id ??= chunk.id
    assert.equal(chunk.id, id)
    assert.equal(chunk.object, 'text_completion')
    assert.ok(end === undefined, `after the last chunk: ${data}`)
    assert.equal(chunk.choices.length, 1)
    const { text, finish_reason, logprobs } = chunk.choices[0]!
    if (finish_reason !== null) {
      assert.equal(text, '')
      const { chain, recoveries } = chunk.shoal!
      end = { finish: finish_reason, chain: chain.map(({ peer }) => peer), recoveries }
      continue
    }
    assert.equal(logprobs!.tokens.join(''), text)
    for (const [index, token] of logprobs!.tokens.entries()) {
      assert.equal(logprobs!.text_offset[index], offset)
      offset += [...token].length
      tokens.push({ text: token, at: performance.now() })
    }
  }
  assert.ok(done && end !== undefined, 'the stream ended early')
  return end
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const bytes of body) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = parts.pop()!
    yield* parts
  }
  assert.equal(rest, '', 'the stream ended in the middle of an event')
}
