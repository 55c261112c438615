/**
 * Picks a token from what the last hop returned, or says that it needs every logit: both ways give the same token. After
 * penalties and biases come temperature, top-k, locally typical, top-p within what those left, min-p relative to the
 * likeliest left; then one draw over the ids left, likeliest first.
 */
import { MAX_EXTRA_IDS, MAX_TOP_K } from '../wire/check-frames.ts'
import type { HeadRow } from '../wire/frames.pb.js'
import { type Adjustments, noAdjustments } from './adjust-logits.ts'
import { likeliest, type Ranking, rankAll, rankRow } from './ranking.ts'
import type { Sampling } from './types.ts'

/** Rows are asked for with this many logits unless top-k says how many matter; at everyday temperatures the draw rarely falls beyond. */
const DEFAULT_TOP_K = 64
/** A temperature below this is greedy: logits divided by it leave the range of f32. */
const MIN_TEMPERATURE = 1e-3

export interface RowAsk {
  topK: number
  temperature: number
  extraIds: number[]
}

/** The head request that `sampleRow` wants its row from; `logprobs`: so many of the likeliest ids are to be told as well. */
export function headAsk(
  sampling: Sampling,
  vocabulary: number,
  adjustments: Adjustments = noAdjustments,
  logprobs: number = 0
): RowAsk {
  // Beyond the bound the whole row is the better answer.
  const extraIds = adjustments.size > MAX_EXTRA_IDS ? [] : [...adjustments.keys()]
  const wanted = isGreedy(sampling) ? 1 : sampling.topK > 0 ? sampling.topK : DEFAULT_TOP_K
  // Each adjusted id may fall from the top, and the next has to be known then.
  const topK = Math.min(Math.max(wanted + adjustments.size, logprobs), MAX_TOP_K, vocabulary)
  return { topK, temperature: isGreedy(sampling) ? 1 : sampling.temperature, extraIds }
}

/** The token, or undefined when the draw may fall on an id the row does not hold: ask for the full row. */
export function sampleRow(
  row: HeadRow,
  vocabulary: number,
  sampling: Sampling,
  uniform: number,
  adjustments: Adjustments = noAdjustments
): number | undefined {
  const greedy = isGreedy(sampling)
  const ranking = rankRow(row, vocabulary, sampling, adjustments, greedy ? 1 : sampling.temperature)
  if (ranking === undefined) return undefined
  return greedy ? ranking.ids[0] : pick(ranking, sampling, uniform)
}

/** The token from every logit of the vocabulary; the same as `sampleRow` gives where that gives one. */
export function sampleFull(
  logits: Float32Array,
  sampling: Sampling,
  uniform: number,
  adjustments: Adjustments = noAdjustments
): number {
  if (isGreedy(sampling)) return likeliest(logits, sampling, adjustments)
  return pick(rankAll(logits, sampling, adjustments), sampling, uniform)!
}

export function isGreedy({ temperature }: Sampling): boolean {
  return temperature < MIN_TEMPERATURE
}

function pick(ranking: Ranking, sampling: Sampling, uniform: number): number | undefined {
  const { ids, logits, complete } = ranking
  const { topK, typicalP } = sampling
  if (topK > 0 && topK <= ids.length) return pickAmong(ranking, topK, sampling, uniform)
  if (complete) return pickAmong(ranking, ids.length, sampling, uniform)
  // How surprising an id may be depends on the whole distribution.
  return typicalP < 1 ? undefined : pickBounded(ranking, cumulate(weightsOf(logits, sampling)), sampling, uniform)
}

/** Where the first `count` ids are all that top-k leaves. */
function pickAmong(ranking: Ranking, count: number, sampling: Sampling, uniform: number): number {
  const { temperature, topP, minP, typicalP } = sampling
  const logits = Array.from(ranking.logits).slice(0, count)
  const weights = weightsOf(logits, sampling)
  let kept = [...weights.keys()]
  if (typicalP < 1) kept = mostTypical(weights, typicalP)
  let cumulative = cumulate(kept.map(at => weights[at]!))
  if (topP < 1) kept = kept.slice(0, Math.min(kept.length, prefixReaching(cumulative, topP * cumulative.at(-1)!)))
  if (minP > 0) {
    const floor = logits[kept[0]!]! + temperature * Math.log(minP)
    kept = kept.filter((at, place) => place === 0 || logits[at]! >= floor)
  }
  cumulative = cumulative.slice(0, kept.length + 1)
  // Rounding may leave a draw just above the last id's share.
  const place = Math.min(indexOf(cumulative, uniform * cumulative.at(-1)!), kept.length - 1)
  return ranking.ids[kept[place]!]!
}

/**
 * Where what the filters keep may reach beyond the ranking: it is some prefix of the vocabulary's order, and the token is
 * certain where every prefix it can be gives the same.
 */
function pickBounded(
  { ids, logits, next, beyond }: Ranking,
  cumulative: Float64Array,
  { temperature, topK, topP, minP }: Sampling,
  uniform: number
): number | undefined {
  const count = ids.length
  const held = cumulative[count]!
  // A top-k that reaches beyond the ranking leaves at least that.
  const least = topK > 0 ? held : held + beyond[0]
  const most = held + beyond[1]
  // The prefix ends between these two; infinity: beyond the ranking.
  let from = Number.POSITIVE_INFINITY
  let to = Number.POSITIVE_INFINITY
  if (topP < 1) {
    from = prefixReaching(cumulative, topP * least)
    to = prefixReaching(cumulative, topP * most)
  }
  if (minP > 0) {
    const floor = logits[0]! + temperature * Math.log(minP)
    let passing = 1
    while (passing < count && logits[passing]! >= floor) passing++
    if (passing < count || next < floor) {
      from = Math.min(from, passing)
      to = Math.min(to, passing)
    }
  }
  if (from === to && from <= count) return ids[Math.min(indexOf(cumulative, uniform * cumulative[from]!), from - 1)]
  const upTo = topP < 1 ? Math.min(most, topP * most + Math.exp((next - logits[0]!) / temperature)) : most
  const smallest =
    minP > 0 || topK > 0 ? cumulative[Math.min(from, count)]! : Math.max(cumulative[Math.min(from, count)]!, topP * least)
  const largest = to <= count ? cumulative[to]! : upTo
  const at = indexOf(cumulative, uniform * smallest)
  return at < Math.min(from, count) && at === indexOf(cumulative, uniform * largest) ? ids[at] : undefined
}

/** Relative to the likeliest. */
function weightsOf(logits: ArrayLike<number>, { temperature }: Sampling): Float64Array {
  return Float64Array.from(logits, logit => Math.exp((logit - logits[0]!) / temperature))
}

/**
 * Places of the ids whose surprise is nearest to the expected one, together `mass` of the probability, in the order given
 * (https://arxiv.org/abs/2202.00666).
 */
function mostTypical(weights: Float64Array, mass: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const surprise = weights.map(weight => Math.log(total) - Math.log(weight))
  const entropy = weights.reduce((sum, weight, at) => (weight > 0 ? sum + (weight / total) * surprise[at]! : sum), 0)
  const nearest = [...weights.keys()].sort((a, b) => Math.abs(surprise[a]! - entropy) - Math.abs(surprise[b]! - entropy) || a - b)
  const cumulative = cumulate(nearest.map(at => weights[at]!))
  return nearest.slice(0, Math.min(weights.length, prefixReaching(cumulative, mass * total))).sort((a, b) => a - b)
}

/** cumulative[n]: the first n together. */
function cumulate(weights: ArrayLike<number>): Float64Array {
  const cumulative = new Float64Array(weights.length + 1)
  for (let at = 0; at < weights.length; at++) cumulative[at + 1] = cumulative[at]! + weights[at]!
  return cumulative
}

/** The fewest, at least one, that together reach `mass`; infinity when all do not. */
function prefixReaching(cumulative: Float64Array, mass: number): number {
  for (let count = 1; count < cumulative.length; count++) if (cumulative[count]! >= mass) return count
  return Number.POSITIVE_INFINITY
}

/** The place whose share of the line holds `point`; how many there are when it lies beyond. */
function indexOf(cumulative: Float64Array, point: number): number {
  let at = 0
  while (at < cumulative.length - 1 && cumulative[at + 1]! <= point) at++
  return at
}
