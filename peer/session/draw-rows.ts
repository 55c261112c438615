/**
 * Draws the tokens after a step: the one after its last committed token and, as long as drafted ones equal what is drawn, the
 * one after each. A draw depends on seed, choice and position alone, so that the answer is the same whatever was drafted.
 */
import { MAX_EXTRA_IDS } from '../wire/check-frames.ts'
import type { Answer, HeadAsk, HeadRow } from '../wire/frames.pb.js'
import { type Adjustments, adjustmentsOf } from './adjust-logits.ts'
import { draw } from './draw.ts'
import { fullLogprobs, rowLogprobs } from './logprobs.ts'
import { headAsk, sampleFull, sampleRow } from './sampler.ts'
import type { Sampling, TokenLogprobs } from './types.ts'

export interface Drawing {
  sampling: Sampling
  vocabulary: number
  choice: number
  promptLength: number
  /** Tell log-probabilities: each token's, and those of so many of the likeliest. */
  logprobs: number | undefined
  /** Nothing is drawn after one of them. */
  endIds: ReadonlySet<number>
}

export interface Drawn {
  token: number
  logprobs: TokenLogprobs | undefined
}

/** What a step is asked for: its rows' common request, and what is drafted for it. */
export interface RowsAsk {
  head: Omit<HeadAsk, 'rows'>
  drafted: readonly number[]
}

/** A request that every row can be drawn from. `drafted` comes back shorter where an end id is in it, empty where it can't be asked for. */
export function askRows(drawing: Drawing, tokens: readonly number[], drafted: readonly number[]): RowsAsk {
  const { sampling, vocabulary, promptLength, logprobs, endIds } = drawing
  const end = drafted.findIndex(id => endIds.has(id))
  // What comes after an end is never drawn, and that it comes is told by the row before.
  const kept = end < 0 ? drafted : drafted.slice(0, end)
  const ask = (adjustments: Adjustments) => headAsk(sampling, vocabulary, adjustments, logprobs)
  const own = adjustmentsOf(sampling, tokens, promptLength)
  if (kept.length === 0 || (own.size === 0 && !isPenalised(sampling))) return { head: ask(own), drafted: kept }
  const all = new Map(own)
  for (let at = 1; at <= kept.length; at++)
    for (const [id, adjustment] of adjustmentsOf(sampling, [...tokens, ...kept.slice(0, at)], promptLength))
      all.set(id, adjustment)
  return all.size > MAX_EXTRA_IDS ? { head: ask(own), drafted: [] } : { head: ask(all), drafted: kept }
}

/**
 * `answer`: to the step of `tokens`, and of `drafted` as far as it has rows; `row`: all logits of one of its rows, asked for
 * where it alone can't decide. At least one token; one more than drafts were right, unless an end id is among them.
 */
export async function drawRows(
  drawing: Drawing,
  tokens: readonly number[],
  { head, drafted }: RowsAsk,
  answer: Answer,
  row: (row: number) => Promise<Float32Array>
): Promise<Drawn[]> {
  const { sampling, vocabulary, choice, promptLength, logprobs, endIds } = drawing
  const before = [...tokens]
  const places = new Map(head.extraIds.map((id, at) => [id, at]))
  const drawn: Drawn[] = []
  for (const [at, whole] of answer.rows.entries()) {
    const uniform = draw(sampling.seed, choice, before.length)
    const adjustments = adjustmentsOf(sampling, before, promptLength)
    const own = withExtras(whole, adjustments, places)
    const sampled = sampleRow(own, vocabulary, sampling, uniform, adjustments)
    const logits = sampled === undefined ? await row(at) : undefined
    const token = logits === undefined ? sampled! : sampleFull(logits, sampling, uniform, adjustments)
    drawn.push({ token, logprobs: logprobs === undefined ? undefined : logprobsOf(own, logits, adjustments, token, logprobs) })
    if (token !== drafted[at] || endIds.has(token)) break
    before.push(token)
  }
  return drawn
}

function isPenalised({ repetitionPenalty, frequencyPenalty, presencePenalty }: Sampling): boolean {
  return repetitionPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0
}

function logprobsOf(
  row: HeadRow,
  logits: Float32Array | undefined,
  adjustments: Adjustments,
  token: number,
  count: number
): TokenLogprobs {
  return logits === undefined ? rowLogprobs(row, adjustments, token, count) : fullLogprobs(logits, token, count)
}

/** The row with the extra logits of its own adjusted ids alone, in their order; without any where not all were asked for. */
function withExtras(row: HeadRow, adjustments: Adjustments, places: ReadonlyMap<number, number>): HeadRow {
  const extraLogits = [...adjustments.keys()].flatMap(id => {
    const place = places.get(id)
    return place === undefined ? [] : [row.extraLogits[place]!]
  })
  return { ...row, extraLogits }
}
