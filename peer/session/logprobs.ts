/** A token's log-probability, and those of the likeliest, from what the last hop returned. */
import type { HeadRow } from '../wire/frames.pb.js'
import type { Adjustments } from './adjust-logits.ts'
import type { IdLogprob, TokenLogprobs } from './types.ts'

/** The most a row is asked for: OpenAI's bound on top_logprobs. */
export const MAX_LOGPROBS = 20

/** The row must hold the token, among its likeliest or its extra ids, which are those of `adjustments`. */
export function rowLogprobs(row: HeadRow, adjustments: Adjustments, token: number, count: number): TokenLogprobs {
  const of = (id: number, logit: number): IdLogprob => ({ id, logprob: logit - row.logSumExp })
  const ranked = row.ids.map((id, at) => of(id, row.logits[at]!))
  const extra = [...adjustments.keys()].indexOf(token)
  const own = ranked.find(({ id }) => id === token) ?? of(token, row.extraLogits[extra]!)
  return { ...own, top: ranked.slice(0, count) }
}

/** The same from every logit. */
export function fullLogprobs(logits: Float32Array, token: number, count: number): TokenLogprobs {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY)
  const logSumExp = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0))
  const top: number[] = []
  for (let id = 0; id < logits.length && count > 0; id++) {
    if (top.length === count && logits[id]! <= logits[top[count - 1]!]!) continue
    let place = top.length
    while (place > 0 && logits[top[place - 1]!]! < logits[id]!) place--
    top.splice(place, 0, id)
    top.length = Math.min(top.length, count)
  }
  const of = (id: number): IdLogprob => ({ id, logprob: logits[id]! - logSumExp })
  return { ...of(token), top: top.map(of) }
}
