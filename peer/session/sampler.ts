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
  return greedy ? ranking.idAt(0) : pick(ranking, sampling, uniform)
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
  const { logits, complete } = ranking
  const { topK, typicalP } = sampling
  if (topK > 0 && topK <= logits.length) return pickAmong(ranking, topK, sampling, uniform)
  if (complete) return pickAmong(ranking, logits.length, sampling, uniform)
  // How surprising an id may be depends on the whole distribution.
  return typicalP < 1 ? undefined : pickBounded(ranking, sampling, uniform)
}

/** Where the first `count` places are all that top-k leaves. */
function pickAmong(ranking: Ranking, count: number, sampling: Sampling, uniform: number): number {
  const { temperature, topP, minP, typicalP } = sampling
  const weights = weightsOf(ranking.logits.subarray(0, count), temperature)
  const [first, end] = typicalP < 1 ? typicalRange(weights, typicalP) : [0, count]
  const logits = ranking.logits.subarray(first, end)
  const cumulative = cumulate(weights.subarray(first, end))
  let kept = logits.length
  if (topP < 1) kept = Math.min(kept, prefixReaching(cumulative, topP * cumulative[kept]!))
  if (minP > 0) kept = Math.min(kept, passing(logits, temperature, minP))
  // Rounding may leave a draw just above the last id's share.
  return ranking.idAt(first + Math.min(indexOf(cumulative, uniform * cumulative[kept]!), kept - 1))
}

/**
 * Where what the filters keep may reach beyond the ranking: it is some prefix of the vocabulary's order, and the token is
 * certain where every prefix it can be gives the same.
 */
function pickBounded(
  { idAt, logits, next, beyond }: Ranking,
  { temperature, topK, topP, minP }: Sampling,
  uniform: number
): number | undefined {
  const count = logits.length
  const cumulative = cumulate(weightsOf(logits, temperature))
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
    const end = passing(logits, temperature, minP)
    if (end < count || next < floorOf(logits, temperature, minP)) {
      from = Math.min(from, end)
      to = Math.min(to, end)
    }
  }
  if (from === to && from <= count) return idAt(Math.min(indexOf(cumulative, uniform * cumulative[from]!), from - 1))
  const upTo = topP < 1 ? Math.min(most, topP * most + Math.exp((next - logits[0]!) / temperature)) : most
  const smallest =
    minP > 0 || topK > 0 ? cumulative[Math.min(from, count)]! : Math.max(cumulative[Math.min(from, count)]!, topP * least)
  const largest = to <= count ? cumulative[to]! : upTo
  const at = indexOf(cumulative, uniform * smallest)
  return at < Math.min(from, count) && at === indexOf(cumulative, uniform * largest) ? idAt(at) : undefined
}

/** Relative to the likeliest. */
function weightsOf(logits: Float64Array, temperature: number): Float64Array {
  return logits.map(logit => Math.exp((logit - logits[0]!) / temperature))
}

/** How many are at least this share as likely as the likeliest. */
function passing(logits: Float64Array, temperature: number, share: number): number {
  const floor = floorOf(logits, temperature, share)
  let count = 1
  while (count < logits.length && logits[count]! >= floor) count++
  return count
}

function floorOf(logits: Float64Array, temperature: number, share: number): number {
  return logits[0]! + temperature * Math.log(share)
}

/**
 * The places whose surprise is nearest to the expected one, together `mass` of the probability
 * (https://arxiv.org/abs/2202.00666). Surprise grows with the place, so they lie side by side.
 */
function typicalRange(weights: Float64Array, mass: number): [first: number, end: number] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const surprise = weights.map(weight => Math.log(total) - Math.log(weight))
  const entropy = weights.reduce((sum, weight, at) => (weight > 0 ? sum + (weight / total) * surprise[at]! : sum), 0)
  let first = surprise.findIndex(value => value >= entropy)
  if (first < 0) first = weights.length
  let end = first
  for (let reached = 0; first === end || reached < mass * total; ) {
    const above = first > 0 ? entropy - surprise[first - 1]! : Number.POSITIVE_INFINITY
    const below = end < weights.length ? surprise[end]! - entropy : Number.POSITIVE_INFINITY
    // Only ids too unlikely for f64 are left, or none.
    if (above === Number.POSITIVE_INFINITY && below === Number.POSITIVE_INFINITY) break
    reached += above <= below ? weights[--first]! : weights[end++]!
  }
  return [first, end]
}

/** cumulative[n]: the first n together. */
function cumulate(weights: Float64Array): Float64Array {
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
