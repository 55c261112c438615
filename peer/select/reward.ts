/**
 * What an answer was worth: −normalised energy and money + λ · its smallest normalised slack, from what was measured.
 * Energy and money are kept per token as measured and normalised only when arms are compared, by the dearest arm's mean: no
 * currency or unit of energy changes a choice, and a new scale needs no old sample again.
 */
import type { RequestClass } from './classes.ts'

/** What one pull of an arm brought. */
export interface Outcome {
  /** 'left': the client went away, which says nothing about the arm. 'failed' covers stalls and missing ends, 'refused' 429 and the like. */
  result: 'answered' | 'failed' | 'refused' | 'left'
  stream: boolean
  startedAt: number
  /** Of a stream; a whole answer has none. */
  firstTokenAt?: number
  endedAt: number
  promptTokens: number
  completionTokens: number
  /** Joules on every hop: compute, transmission and idle share. */
  energy: number
  /** In the budget's currency. */
  money: number
  /** Share of the arm's compute and of the way's bandwidth in use meanwhile, 0 to 1, where known. */
  computeShare?: number
  bandwidthShare?: number
}

export interface Sample {
  /** Joules and money per token, prompt and answer together. */
  energy: number
  money: number
  /** Smallest normalised slack, −1 to 1. */
  slack: number
  /** A deadline was missed. */
  violated: boolean
  /** Earned nothing: its cost counts as the highest and its slack as −1, however cheap and quick it was. */
  failed: boolean
}

/** Far above any request: sums of such numbers stay finite. */
const HIGHEST_MEASURE = 1e15

/** The sample an outcome gives; undefined for one that cannot be true: not a number, infinite, negative, or by a clock that went back. */
export function sampleOf(wanted: RequestClass, outcome: Outcome): Sample | undefined {
  const { startedAt, endedAt, firstTokenAt, promptTokens, completionTokens, energy, money } = outcome
  const measures = [endedAt - startedAt, promptTokens, completionTokens, energy, money]
  if (firstTokenAt !== undefined) measures.push(firstTokenAt - startedAt, endedAt - firstTokenAt)
  if (!measures.every(value => value >= 0 && value <= HIGHEST_MEASURE)) return undefined
  const shares = [outcome.computeShare ?? 0, outcome.bandwidthShare ?? 0]
  if (!shares.every(share => share >= 0 && share <= HIGHEST_MEASURE)) return undefined
  const tokens = Math.max(1, promptTokens + completionTokens)
  const cost = { energy: energy / tokens, money: money / tokens }
  const earned = outcome.result === 'answered' && completionTokens > 0 && (!outcome.stream || firstTokenAt !== undefined)
  if (!earned) return { ...cost, slack: -1, violated: true, failed: true }
  const time = timeSlack(wanted, outcome)
  const slack = Math.max(-1, Math.min(time, ...shares.map(share => 1 - share)))
  return { ...cost, slack, violated: time < 0, failed: false }
}

/** First token and pace apart for a stream; the sum of both deadlines for a whole answer. */
function timeSlack(wanted: RequestClass, { startedAt, firstTokenAt, endedAt, completionTokens }: Outcome): number {
  if (firstTokenAt === undefined) {
    const deadline = wanted.firstTokenMs + (completionTokens - 1) * wanted.perTokenMs
    return 1 - (endedAt - startedAt) / deadline
  }
  const first = 1 - (firstTokenAt - startedAt) / wanted.firstTokenMs
  if (completionTokens < 2) return first
  return Math.min(first, 1 - (endedAt - firstTokenAt) / (completionTokens - 1) / wanted.perTokenMs)
}

/** What the cost of one token is measured against. */
export interface Scale {
  energy: number
  money: number
}

/** The reward of a sample, or of the means of several. */
export function rewardOf(wanted: RequestClass, sample: { energy: number; money: number; slack: number }, scale: Scale): number {
  return (
    wanted.slackWeight * sample.slack -
    wanted.energyWeight * share(sample.energy, scale.energy) -
    wanted.moneyWeight * share(sample.money, scale.money)
  )
}

/** What a failure earns: less than any answer. */
export function failureReward({ slackWeight, energyWeight, moneyWeight }: RequestClass): number {
  return -slackWeight - energyWeight - moneyWeight
}

function share(value: number, scale: number): number {
  return scale > 0 ? Math.min(1, value / scale) : 0
}
