/**
 * The requests that every policy serves, as functions of a seed: two classes that want unlike things, through times good and
 * bad. Times are multiples of what edge and cloud took when they were left alone, so that a slower machine compares alike.
 */
import { normal, uniform } from '../../sim/random.ts'
import { CALM, type Weather } from './flaky-proxy.ts'

/** What an arm took: to its first word, and for each piece after it. */
export interface Pace {
  firstMs: number
  pieceMs: number
}

export interface Paces {
  edge: Pace
  cloud: Pace
}

export interface Phase {
  name: string
  cloud: Weather
  /** Share of the time that the edge's processes run. */
  edge: number
}

/** A way over the internet and back. */
export const FINE: Weather = { ...CALM, delayMs: 40 }
const SLOWER = 10
/** Of a machine that does something else, too, and of one that does hardly anything for the chain. */
const EDGE_SLOW = 0.15
const EDGE_SLOWER = 0.08

export const PHASES_OF_A_RUN = 8

/** Every phase once in an order of the seed's, with a fine one first. */
export function phasesOf(seed: number, { cloud }: Paces): Phase[] {
  const slow = { ...FINE, delayMs: FINE.delayMs + SLOWER * cloud.firstMs, pieceMs: SLOWER * cloud.pieceMs }
  const fine: Phase = { name: 'both fine', cloud: FINE, edge: 1 }
  const phases: Phase[] = [
    fine,
    { name: 'cloud slow', cloud: slow, edge: 1 },
    { name: 'cloud busy', cloud: { ...FINE, faults: ['busy'] }, edge: 1 },
    { name: 'cloud failing', cloud: { ...FINE, faults: ['500', 'lost', 'torn'] }, edge: 1 },
    { name: 'cloud silent', cloud: { ...FINE, faults: ['silent'] }, edge: 1 },
    { name: 'edge slow', cloud: FINE, edge: EDGE_SLOW },
    { name: 'edge slower', cloud: FINE, edge: EDGE_SLOWER }
  ]
  const keyed = phases.map((phase, index) => ({ phase, key: normal(seed, ORDER, index) }))
  return [fine, ...keyed.sort((a, b) => a.key - b.key).map(({ phase }) => phase)]
}

export type ClassName = 'asking' | 'batch'

export interface BenchClass {
  name: ClassName
  first_token_ms: number
  per_token_ms: number
  slack_weight: number
  energy_weight: number
  money_weight: number
}

/** Of the slower arm's pace: what somebody who waits wants, whatever it costs within reason; and what nobody waits for. */
export function classesOf({ edge, cloud }: Paces): Record<ClassName, BenchClass> {
  const first = Math.max(edge.firstMs, cloud.firstMs)
  const piece = Math.max(edge.pieceMs, cloud.pieceMs)
  const times = (factor: number) => ({ first_token_ms: factor * first, per_token_ms: factor * piece })
  return {
    asking: { name: 'asking', ...times(3), slack_weight: 1, energy_weight: 0.05, money_weight: 0.05 },
    batch: { name: 'batch', ...times(20), slack_weight: 0.2, energy_weight: 0.5, money_weight: 0.5 }
  }
}

const PROMPTS = ['The LORD is my shepherd;', 'In the beginning', 'And it came to pass', 'Blessed are']
const ASKING_SHARE = 0.6

/** Names of the draws. */
const ORDER = 11
const CLASS = 12
const PROMPT = 13

export interface Asked {
  class: ClassName
  prompt: string
}

export function requestAt(seed: number, index: number): Asked {
  return {
    class: uniform(seed, CLASS, index) < ASKING_SHARE ? 'asking' : 'batch',
    prompt: PROMPTS[Math.floor(uniform(seed, PROMPT, index) * PROMPTS.length)]!
  }
}
