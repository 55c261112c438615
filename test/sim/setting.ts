/**
 * PerLLM's setting (arXiv 2405.14636, section 5): five heterogeneous edge servers and one cloud, thousands of mixed services
 * with deadlines, bandwidth stable or fluctuating by 20 %. Hardware figures the paper does not give are stated here. Held-out
 * seeds, θ and the baselines were committed before δ and the fading were tuned, on the tuning seeds only. Seeds 1001 to 1005
 * were held out before the selector told changes of an arm; for what came after they are not new any more.
 */
import type { RequestClass } from '../../peer/select/classes.ts'

export const TUNING_SEEDS = [1, 2, 3]
export const HELD_OUT_SEEDS = [2001, 2002, 2003, 2004, 2005]

export const REQUESTS = 4_000
/** Requests per second: about three quarters of what all servers together can do; more than the cloud or the edge alone. */
export const ARRIVAL_RATE = 9

export interface Server {
  id: string
  place: 'edge' | 'cloud'
  /** Requests computed side by side. */
  slots: number
  linkMs: number
  /** Bytes per second of the way there, shared by its requests one after another. */
  bandwidth: number
  /** As announced. */
  prefillMsPerToken: number
  decodeMsPerToken: number
  /** What truth is to the announced times. */
  truth: number
  /** Watts of a slot at work and at rest. */
  watts: number
  idleWatts: number
}

/** 100 Mbit/s at the edge, 300 Mbit/s to the cloud, as in the paper. */
const EDGE_BANDWIDTH = 12.5e6
const CLOUD_BANDWIDTH = 37.5e6

const edge = { place: 'edge' as const, slots: 4, linkMs: 5, bandwidth: EDGE_BANDWIDTH }

/** Four edge models of 6 to 9 B on unlike GPUs and a cloud model of 33 B on a large one. */
export const SERVERS: readonly Server[] = [
  { ...edge, id: 'edge-1', prefillMsPerToken: 0.5, decodeMsPerToken: 22, truth: 1, watts: 30, idleWatts: 4 },
  { ...edge, id: 'edge-2', prefillMsPerToken: 0.6, decodeMsPerToken: 26, truth: 1.2, watts: 26, idleWatts: 4 },
  { ...edge, id: 'edge-3', prefillMsPerToken: 0.7, decodeMsPerToken: 30, truth: 0.9, watts: 24, idleWatts: 3 },
  { ...edge, id: 'edge-4', prefillMsPerToken: 0.9, decodeMsPerToken: 36, truth: 1.3, watts: 18, idleWatts: 3 },
  { ...edge, id: 'edge-5', prefillMsPerToken: 1, decodeMsPerToken: 42, truth: 1, watts: 15, idleWatts: 2 },
  {
    id: 'cloud',
    place: 'cloud',
    slots: 8,
    linkMs: 40,
    bandwidth: CLOUD_BANDWIDTH,
    prefillMsPerToken: 0.15,
    decodeMsPerToken: 15,
    truth: 1,
    watts: 150,
    idleWatts: 30
  }
]

/** Joules per byte sent: an access network's, and with the backbone to the cloud. */
export const TRANSMISSION = { edge: 2e-7, cloud: 1e-6 }

const weights = { slackWeight: 1, energyWeight: 0.5, moneyWeight: 0, promptBuckets: [512] }

export interface Service {
  class: RequestClass
  share: number
  promptTokens: [least: number, most: number]
  completionTokens: [least: number, most: number]
  /** Kilobytes sent with the prompt: text alone, or documents and pictures. */
  kilobytes: [least: number, most: number]
}

export const SERVICES: readonly Service[] = [
  {
    class: { ...weights, name: 'question', firstTokenMs: 2_000, perTokenMs: 60 },
    share: 0.5,
    promptTokens: [20, 300],
    completionTokens: [30, 120],
    kilobytes: [1, 400]
  },
  {
    class: { ...weights, name: 'summary', firstTokenMs: 4_000, perTokenMs: 80 },
    share: 0.3,
    promptTokens: [500, 2_000],
    completionTokens: [50, 150],
    kilobytes: [200, 3_000]
  },
  {
    class: { ...weights, name: 'batch', firstTokenMs: 20_000, perTokenMs: 500, slackWeight: 0.3 },
    share: 0.2,
    promptTokens: [100, 1_000],
    completionTokens: [50, 250],
    kilobytes: [10, 1_000]
  }
]

export type Scenario = 'stable' | 'fluctuating' | 'slowed'
/** 'slowed': edge-1 computes 10 times slower from a third of the requests to two thirds. */
export const SCENARIOS: readonly Scenario[] = ['stable', 'fluctuating', 'slowed']
export const SLOWED_SERVER = 'edge-1'
export const SLOWDOWN = 10
/** Fluctuating bandwidth is drawn anew so often, within ±20 %. */
export const FLUCTUATION = { everyMs: 5_000, by: 0.2 }
/** Standard deviation of the logarithm of a compute time. */
export const NOISE = 0.1
