/** What one leg used, from what was measured of it and told by its arm: money, joules, and shares of what the arm had. */
import type { CompletionEvent } from '../session/types.ts'
import type { Ask } from './arms.ts'
import type { Candidate } from './candidates.ts'
import type { Usage } from './cloud.ts'
import { cloudJoules, type EnergyWeights, edgeJoules } from './energy.ts'
import { priceOf } from './legs.ts'
import type { Outcome } from './reward.ts'

type Finished = Extract<CompletionEvent, { type: 'finished' }>

/** Undefined where nobody told what was used: then it counts with all that was reserved. */
export function moneyOf({ cloud, arm }: Candidate, usage: Usage | undefined, result: Outcome['result']): number | undefined {
  if (arm.promptPrice === 0 && arm.tokenPrice === 0) return 0
  if (usage !== undefined) {
    if (cloud !== undefined) return priceOf(cloud.options, usage)
    return arm.promptPrice * usage.promptTokens + arm.tokenPrice * usage.completionTokens
  }
  // Turned away at the door, nothing was computed.
  return result === 'refused' ? 0 : undefined
}

/** Bytes on the way: metered at a cloud, reckoned from the tokens at the edge. */
export function bytesOf({ cloud, edge }: Candidate, tokens: Usage, metered: number): number {
  return cloud !== undefined ? metered : (edge?.hopBytes ?? 0) * countOf(tokens)
}

export function joulesOf(
  { cloud, edge }: Candidate,
  tokens: Usage,
  bytes: number,
  elapsedMs: number,
  compute: Finished['compute'],
  weights: EnergyWeights
): number {
  if (cloud === undefined) return edgeJoules({ compute, watts: edge!.watts, elapsedMs, bytes, way: edge!.way }, weights)
  const { watts, joulesPerToken } = cloud.options
  return cloudJoules({ watts, joulesPerToken, tokens: countOf(tokens), elapsedMs, bytes }, weights)
}

/** How much of the compute and of the bandwidth that the arm had for it the request took, where either is known. */
export function sharesOf(
  { cloud, arm }: Candidate,
  ask: Ask,
  inFlight: number,
  bytes: number,
  elapsedMs: number
): Pick<Outcome, 'computeShare' | 'bandwidthShare'> {
  const room = cloud === undefined ? arm.freeKvTokens : cloud.options.limits.concurrent
  const taken = cloud === undefined ? ask.promptTokens + ask.maxTokens : inFlight
  const bandwidth = (bytes * 1_000) / Math.max(1, elapsedMs) / arm.bandwidth
  return {
    ...(Number.isFinite(room) ? { computeShare: Math.min(1, taken / Math.max(1, room)) } : {}),
    ...(Number.isFinite(arm.bandwidth) ? { bandwidthShare: Math.min(1, bandwidth) } : {})
  }
}

const countOf = ({ promptTokens, completionTokens }: Usage) => promptTokens + completionTokens
