/** One request as its reader meets it, through OpenAI's client: the time to the first word, the pace of the others, and whether it came to its end. */
import type OpenAI from 'openai'
import type { Asked, BenchClass, Pace } from './stream.ts'

export interface Served extends Partial<Pace> {
  asked: Asked
  /** To its end, with a word of how it ended. */
  answered: boolean
  metDeadlines: boolean
}

/** Tokens of each answer; the model ends few of them by itself. */
export const TOKENS = 8
/** Whoever waits goes away after so many of its deadlines without a first word, or without the next one. */
const PATIENCE = 3

export async function readAnswer(
  client: OpenAI,
  model: string,
  asked: Asked,
  wanted: BenchClass,
  signal: AbortSignal
): Promise<Served> {
  const leaving = new AbortController()
  const patience = setTimeout(() => leaving.abort(), PATIENCE * wanted.first_token_ms)
  const startedAt = performance.now()
  let firstAt: number | undefined
  let lastAt = startedAt
  let pieces = 0
  let answered = false
  try {
    const stream = await client.completions.create(
      { model, prompt: asked.prompt, max_tokens: TOKENS, temperature: 0, stream: true },
      { signal: AbortSignal.any([signal, leaving.signal]), headers: { 'x-shoal-class': asked.class } }
    )
    for await (const { choices } of stream) {
      if (choices[0]?.text) {
        lastAt = performance.now()
        firstAt ??= lastAt
        pieces++
        patience.refresh()
      }
      answered ||= choices[0]?.finish_reason === 'length' || choices[0]?.finish_reason === 'stop'
    }
  } catch {
    // An error of the gateway's or impatience: either way there is no whole answer. A run that is stopped ends below.
  } finally {
    clearTimeout(patience)
  }
  signal.throwIfAborted()
  if (firstAt === undefined) return { asked, answered: false, metDeadlines: false }
  const firstMs = firstAt - startedAt
  const pieceMs = (lastAt - firstAt) / Math.max(1, pieces - 1)
  const inTime = firstMs <= wanted.first_token_ms && pieceMs <= wanted.per_token_ms
  return { asked, answered, metDeadlines: answered && inTime, firstMs, pieceMs }
}
