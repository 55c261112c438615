/**
 * Picks a token from what the last hop returned, or says that it needs every logit. The order of the filters is that of
 * common libraries: temperature, top-k, top-p within what top-k left, min-p relative to the likeliest; then one draw over
 * the ids left, likeliest first.
 */
import type { HeadRow } from '../wire/frames.pb.js'
import type { Sampling } from './types.ts'

/** Rows are asked for with this many logits unless top-k says how many matter; at everyday temperatures the draw rarely falls beyond. */
const DEFAULT_TOP_K = 64
/** What hops return at most (the engine's bound). */
const MAX_TOP_K = 128
/** A temperature below this is greedy: logits divided by it leave the range of f32. */
const MIN_TEMPERATURE = 1e-3

/** The head request that `sampleRow` wants its row from. */
export function headAsk(sampling: Sampling, vocabulary: number): { topK: number; temperature: number } {
  if (isGreedy(sampling)) return { topK: 1, temperature: 1 }
  const wanted = sampling.topK > 0 ? sampling.topK : DEFAULT_TOP_K
  return { topK: Math.min(wanted, MAX_TOP_K, vocabulary), temperature: sampling.temperature }
}

/** A row's largest logits in order (logit descending, id ascending). */
interface Ranked {
  ids: ArrayLike<number>
  logits: ArrayLike<number>
  /** ln Σ exp(logit / temperature) over the whole vocabulary. */
  logSumExp: number
  /** Nothing of the vocabulary is missing. */
  complete: boolean
}

/** What a row says of the likeliest ids. */
interface Held {
  /** cumulative[n]: probability of the n likeliest together. */
  cumulative: Float64Array
  /** Probability of the whole vocabulary, as the row's own sum has it. */
  total: number
  complete: boolean
}

/** The token, or undefined when the draw may fall on an id the row does not hold: ask for the full row. */
export function sampleRow(row: HeadRow, vocabulary: number, sampling: Sampling, uniform: number): number | undefined {
  if (isGreedy(sampling)) return row.ids[0]
  const complete = row.ids.length >= vocabulary
  return pick({ ids: row.ids, logits: row.logits, logSumExp: row.logSumExpAtTemperature, complete }, sampling, uniform)
}

/** The token from every logit of the vocabulary; the same as `sampleRow` gives where that gives one. */
export function sampleFull(logits: Float32Array, sampling: Sampling, uniform: number): number {
  const ids = Uint32Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b)
  if (isGreedy(sampling)) return ids[0]!
  const ranked = Float32Array.from(ids, id => logits[id]!)
  const largest = ranked[0]!
  const sum = ranked.reduce((total, logit) => total + Math.exp((logit - largest) / sampling.temperature), 0)
  const logSumExp = largest / sampling.temperature + Math.log(sum)
  return pick({ ids, logits: ranked, logSumExp, complete: true }, sampling, uniform)!
}

export function isGreedy({ temperature }: Sampling): boolean {
  return temperature < MIN_TEMPERATURE
}

function pick({ ids, logits, logSumExp, complete }: Ranked, sampling: Sampling, uniform: number): number | undefined {
  const { temperature, topK, topP, minP } = sampling
  const cumulative = new Float64Array(ids.length + 1)
  for (let at = 0; at < ids.length; at++) cumulative[at + 1] = cumulative[at]! + Math.exp(logits[at]! / temperature - logSumExp)
  const total = complete ? cumulative[ids.length]! : 1
  const held: Held = { cumulative, total, complete }
  let end =
    topK > 0 ? (topK <= ids.length || complete ? Math.min(topK, ids.length) : undefined) : complete ? ids.length : undefined
  const inK = end
  if (topP < 1) {
    // Top-p counts within what top-k left: all that is known of its mass when that reaches beyond the row is its bounds.
    const most = inK === undefined ? total : cumulative[inK]!
    const least = inK !== undefined || topK <= 0 ? most : cumulative[ids.length]!
    const nucleus = prefixReaching(held, topP * most)
    if (nucleus !== undefined && nucleus === prefixReaching(held, topP * least)) end = Math.min(end ?? nucleus, nucleus)
    else if (topK > ids.length && !complete) return undefined
  }
  if (minP > 0) {
    const floor = logits[0]! + temperature * Math.log(minP)
    let passing = 1
    while (passing < ids.length && logits[passing]! >= floor) passing++
    if (passing < ids.length || complete) end = Math.min(end ?? passing, passing)
  }
  // An end inside the row gives the mass of what is kept exactly, as does keeping all; otherwise it lies between bounds.
  const limit = end ?? ids.length
  const [least, most] =
    end === undefined
      ? massBeyond(held, sampling, Math.exp(logits[limit - 1]! / temperature - logSumExp))
      : [cumulative[limit]!, cumulative[limit]!]
  const at = indexOf(cumulative, limit, uniform * least)
  // Rounding may leave a draw just above the last id's share.
  if (end !== undefined) return ids[Math.min(at, limit - 1)]
  return at < limit && at === indexOf(cumulative, limit, uniform * most) ? ids[at] : undefined
}

/** Bounds on the mass of what the filters keep when that ends beyond the row; `next`: no id there is likelier than this. */
function massBeyond({ cumulative, total }: Held, { topK, topP, minP }: Sampling, next: number): [number, number] {
  const held = cumulative[cumulative.length - 1]!
  if (topK > 0 || minP > 0) return [held, total]
  return topP < 1 ? [Math.max(held, topP), Math.min(total, topP + next)] : [total, total]
}

/** The fewest likeliest ids whose probability reaches `mass`; undefined when the row ends before. */
function prefixReaching({ cumulative, complete }: Held, mass: number): number | undefined {
  for (let count = 1; count < cumulative.length; count++) if (cumulative[count]! >= mass) return count
  return complete ? cumulative.length - 1 : undefined
}

/** The id whose share of the line [0, mass) holds `point`; `limit` when it lies beyond. */
function indexOf(cumulative: Float64Array, limit: number, point: number): number {
  let at = 0
  while (at < limit && cumulative[at + 1]! <= point) at++
  return at
}
