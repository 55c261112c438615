/**
 * Whether a peer that serves one model is wanted more for another: where it alone makes a chain whole, else where much more
 * is asked for beside what can be decoded. A function of a directory value, like the moves within a model; and like them it
 * never takes what keeps a model served.
 */
import type { Span } from '../model/types.ts'
import { demandOf, type PublishedModelFacts } from './model-choice.ts'
import { depthOf, isSpare, type Move, numberOf, rateOf } from './rebalance.ts'
import { ChainFlow } from './throughput.ts'
import type { Directory, SpanOffer } from './types.ts'

/**
 * How many times as much must be asked for of the other model beside what it decodes as of this one without the peer:
 * demand is told in powers of two, so that less may be rounding. It also keeps the peer from going back.
 */
export const LEAST_GAP = 2
/** What a session usually decodes, tokens. */
export const USUAL_SESSION = 100
/** Part of what a model's chains decode that must be asked for before it needs more: below it nobody waits. */
export const LEAST_LOAD = 0.25

export interface ModelQuestion {
  directory: Directory
  /** Those that the peer may host, its own among them. */
  models: readonly PublishedModelFacts[]
  /** This peer's id: what the directory holds of it does not count, but the following. */
  self: string
  current: { model: string; span: Span; sessions: number; demand: number; decodeRate: number }
  /** Peers that have loaded for so long that nobody counts on them any more. */
  stuck?: ReadonlySet<string>
  /** This peer has said that it goes: of others that said so too, those that go after it don't count. */
  claiming?: boolean
}

export interface ModelWish extends PublishedModelFacts {
  reason: 'hole' | 'demand'
  rank: number
  /** Others' offers of that model. */
  offers: readonly SpanOffer[]
}

/** What the peer has for the other model. */
export interface Room {
  /** Tokens a second through one of that model's layers. */
  decodeRate: number
  spanBytes: (span: Span) => number
  memoryBytes: number
  maxLayers?: number | undefined
}

/** Another peer, as those that decide count it. */
interface Other {
  peer: string
  /** Of all models; what is about to be given up is none. */
  offers: SpanOffer[]
}

/** The model to go to if the peer has room for a span that helps there, or undefined to stay. */
export function wantedElsewhere(question: ModelQuestion): ModelWish | undefined {
  const { models, current } = question
  const own = models.find(({ digest }) => digest === current.model)
  if (own === undefined) return undefined
  const others = othersOf(question)
  const left = offersOf(others, own)
  // What only loads may never serve.
  const without = new ChainFlow(own.layers, left.filter(({ state }) => state === 'serving').map(rateOf)).throughput
  const withIt = new ChainFlow(own.layers, [...left, current].map(rateOf)).throughput
  if (withIt > 0 && without === 0) return undefined
  const pressureLeft = without > 0 ? demandOf([...left, current], own.layers) / without : Number.POSITIVE_INFINITY
  let best: { wish: Omit<ModelWish, 'rank'>; weight: number } | undefined
  for (const model of models) {
    if (model.digest === own.digest) continue
    const offers = offersOf(others, model)
    const { throughput } = new ChainFlow(model.layers, offers.map(rateOf))
    const demand = demandOf(offers, model.layers)
    const reason = reasonToGo(offers, throughput, demand, pressureLeft)
    if (reason === undefined) continue
    const weight = reason === 'hole' ? demand : demand / throughput
    const better = best === undefined || (reason === best.wish.reason ? weight > best.weight : reason === 'hole')
    if (better) best = { wish: { ...model, reason, offers }, weight }
  }
  return best && { ...best.wish, rank: rankOf(question, others, best.wish.digest) }
}

/** The span of the wished model that lets most through, the shortest of equals; undefined where none that fits helps. */
export function placeElsewhere({ layers, offers }: ModelWish, room: Room): Span | undefined {
  const { decodeRate, spanBytes, memoryBytes, maxLayers = layers } = room
  const flow = new ChainFlow(layers, offers.map(rateOf))
  let best: Span | undefined
  let most = flow.throughput
  for (let length = 1; length <= Math.min(layers, maxLayers); length++)
    for (let first = 0; first + length <= layers; first++) {
      const span = { first, end: first + length }
      const throughput = flow.with(rateOf({ span, decodeRate }))
      // Sums in another order differ in the last bits, which must not decide.
      if (throughput <= most * (1 + 1e-9) || spanBytes(span) > memoryBytes) continue
      best = span
      most = throughput
    }
  return best
}

function reasonToGo(
  offers: readonly SpanOffer[],
  throughput: number,
  demand: number,
  pressureLeft: number
): (Move['reason'] & ModelWish['reason']) | undefined {
  if (throughput === 0) return offers.length > 0 ? 'hole' : undefined
  // One at a time: while anybody loads nobody knows what will be.
  if (offers.some(({ state }) => state === 'loading')) return undefined
  const asked = (demand * USUAL_SESSION) / 60
  return asked >= LEAST_LOAD * throughput && demand / throughput >= LEAST_GAP * pressureLeft ? 'demand' : undefined
}

function othersOf({ directory, self, stuck, claiming = false }: ModelQuestion): Other[] {
  return directory.entries
    .filter(({ announcement }) => announcement.peer !== self)
    .map(({ announcement: { peer, offers } }) => {
      const isBehind = turnOf(peer) > turnOf(self)
      const left = new Set(offers.filter(({ leaving }) => leaving).map(({ model }) => model))
      const roams = left.size > 0 && offers.some(({ state, model }) => state === 'loading' && !left.has(model))
      // By what all know of each other alone, and in one line for all models: so two never count on each other's staying.
      if (claiming && roams && isBehind) return { peer, offers: offers.filter(({ state }) => state === 'serving').map(staying) }
      return { peer, offers: offers.filter(({ state, leaving }) => !leaving && !(state === 'loading' && stuck?.has(peer))) }
    })
}

function staying({ leaving: _, ...offer }: SpanOffer): SpanOffer {
  return offer
}

function offersOf(others: readonly Other[], { digest, layers }: PublishedModelFacts): SpanOffer[] {
  return others.flatMap(({ offers }) => offers.filter(offer => offer.model === digest && offer.layers === layers))
}

function turnOf(peer: string): number {
  return numberOf(`models/${peer}`)
}

/** Others that may go to the same model and go first: without sessions, then by a number that no peer chooses. */
function rankOf({ self, current, models }: ModelQuestion, others: readonly Other[], target: string): number {
  const place = Number(current.sessions > 0) + turnOf(self)
  const depths = new Map(
    models.map(model => {
      const held = offersOf(others, model)
      return [model.digest, depthOf(model.digest === current.model ? [...held, current] : held)] as const
    })
  )
  return others.filter(({ peer, offers }) => {
    const roaming = offers.filter(offer => offer.roams && offer.state === 'serving')
    if (roaming.length === 0 || offers.some(({ model }) => model === target)) return false
    const busy = roaming.some(({ sessions = 0 }) => sessions > 0)
    return (
      roaming.every(offer => isSpare(offer.span, depths.get(offer.model) ?? new Map())) && Number(busy) + turnOf(peer) < place
    )
  }).length
}
