/**
 * What a request took in joules, from measured compute time and bytes: PerLLM's sum of transmission, inference and idle
 * energy. Watts are what a peer states of itself or what its kind usually takes; nobody here has a meter.
 */

/** ω of transmission, inference and idle energy. */
export interface EnergyWeights {
  transmission: number
  inference: number
  idle: number
}

export const ENERGY_WEIGHTS: EnergyWeights = { transmission: 1, inference: 1, idle: 1 }

/** A tab's or a machine's share while computing, where its peer states none: a laptop's GPU and a desktop's CPU lie around it. */
export const UNSTATED_WATTS = 45
/** Of a machine's watts at work, what it takes while a session waits on it: measured servers idle at a tenth to a half. */
const IDLE_SHARE = 0.1

export type Way = 'local' | 'lan' | 'wan'

/** Joules per byte: nothing within a machine, an access network's, and with the backbone (as in test/sim). */
const JOULES_PER_BYTE: Record<Way, number> = { local: 0, lan: 2e-7, wan: 1e-6 }

export interface EdgeUse {
  /** What each hop computed, in milliseconds; of an answer that broke off it is not known. */
  compute: readonly { peer: string; ms: number }[] | undefined
  /** Of the chain chosen. */
  watts: ReadonlyMap<string, number>
  elapsedMs: number
  bytes: number
  way: Way
}

export function edgeJoules({ compute, watts, elapsedMs, bytes, way }: EdgeUse, weights: EnergyWeights): number {
  const of = (peer: string) => watts.get(peer) ?? UNSTATED_WATTS
  const sum = [...watts.values()].reduce((total, each) => total + each, 0)
  const transmission = bytes * JOULES_PER_BYTE[way]
  if (compute === undefined) {
    // Hops take turns: one of them computes while the others wait.
    const mean = sum / Math.max(1, watts.size)
    const idle = (sum - mean) * IDLE_SHARE
    return weights.transmission * transmission + ((weights.inference * mean + weights.idle * idle) * elapsedMs) / 1_000
  }
  const inference = compute.reduce((joules, { peer, ms }) => joules + (of(peer) * ms) / 1_000, 0)
  const idle = compute.reduce((joules, { peer, ms }) => joules + (of(peer) * IDLE_SHARE * Math.max(0, elapsedMs - ms)) / 1_000, 0)
  return weights.transmission * transmission + weights.inference * inference + weights.idle * idle
}

export interface CloudUse {
  watts: number
  joulesPerToken: number | undefined
  tokens: number
  elapsedMs: number
  bytes: number
}

/** A cloud's idle share is somebody else's: it is in the operator's figure or nowhere. */
export function cloudJoules({ watts, joulesPerToken, tokens, elapsedMs, bytes }: CloudUse, weights: EnergyWeights): number {
  const inference = joulesPerToken === undefined ? (watts * elapsedMs) / 1_000 : joulesPerToken * tokens
  return weights.transmission * bytes * JOULES_PER_BYTE.wan + weights.inference * inference
}
