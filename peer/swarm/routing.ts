/**
 * Which peers a session's chain runs through: the shortest path over (layer, peer) by link, compute, queue and KV costs.
 * A peer has one place in a chain, so a path knows whom it visited.
 */
import { NoRouteError } from '../errors.ts'
import type { Span } from '../model/types.ts'
import { type ClassedSpan, classesOf, classOf, layersChanged } from './numerics.ts'
import type { Reputation } from './reputation.ts'
import type { Announcement, Directory, Route, RouteHop, SpanOffer } from './types.ts'

export interface RouteQuestion {
  /** Manifest digest. */
  model: string
  layers: number
  /** KV positions that every hop must have free. */
  reserveTokens: number
  reputation?: Reputation
  now: number
  /** Milliseconds one way between two peers; `undefined` stands for the driver. */
  linkMs?: (from: string | undefined, to: string | undefined) => number
  /** A chain to continue: for each layer, peers of the class that computed it are preferred. */
  previous?: Route | undefined
  /** Peers that hold KV of the session: they need no more, and to any other all that was said so far must be fed. */
  holding?: ReadonlySet<string>
  maxHops?: number
  exclude?: ReadonlySet<string>
  onlyPeers?: ReadonlySet<string>
  /** Hops may run a part of their span. Off: hosts refuse an open that names other layers than they run. */
  partialSpans?: boolean
}

/** A link nobody has measured: between a LAN's and a continent's. */
const UNKNOWN_LINK_MS = 10

/** Frames, scheduling and submission of one more hop; also what makes the path with fewer hops the cheaper of two equals. */
const HOP_MS = 1

/**
 * Added to a path's cost to keep off what works badly without ruling it out; far above any real cost per token, and the
 * worse the larger; of other numerics for each layer. They are not part of the route's estimates.
 */
const FEED_PENALTY = 1e3
const OTHER_NUMERICS_PENALTY = 1e4
const LEAVING_PENALTY = 1e5
const NO_KV_PENALTY = 1e6
const BANNED_PENALTY = 1e9

/** Paths remembered for each (layer, peer): they differ in whom they visited, which rarely matters beyond a few. */
const MAX_LABELS = 8

interface UsableOffer {
  peer: string
  addresses: string[]
  span: Span
  numerics: string
  int8: boolean
  class: string
  /** Milliseconds for one token through one layer: as announced, and as expected after what was observed. */
  promisedMs: number
  promisedBatchedMs: number
  decodeMs: number
  prefillMs: number
  queueMs: number
  penalty: number
}

interface Label {
  offer: UsableOffer
  span: Span
  before: Label | undefined
  hops: number
  cost: number
  decodeMs: number
  prefillMs: number
}

/** @throws NoRouteError naming the layers that nobody holds */
export function planRoute(directory: Directory, question: RouteQuestion): Route {
  const offers = usableOffers(directory, question)
  const best = shortestPath(offers, question)
  if (best === undefined) throw new NoRouteError(whyNone(offers, question))
  const hops: RouteHop[] = []
  for (let label: Label | undefined = best; label !== undefined; label = label.before) {
    const { offer, span } = label
    const { peer, addresses, numerics, int8 } = offer
    const count = span.end - span.first
    const promised = { promisedMs: count * offer.promisedMs, promisedBatchedMs: count * offer.promisedBatchedMs }
    hops.unshift({ peer, addresses, span, numerics, ...(int8 ? { int8 } : {}), ...promised })
  }
  return { hops, decodeMs: best.decodeMs, prefillMs: best.prefillMs }
}

function usableOffers({ entries }: Directory, question: RouteQuestion): UsableOffer[] {
  const usable: UsableOffer[] = []
  for (const { announcement } of entries) {
    if (question.exclude?.has(announcement.peer) || question.onlyPeers?.has(announcement.peer) === false) continue
    for (const offer of announcement.offers)
      if (offer.model === question.model && offer.layers === question.layers && offer.state === 'serving')
        usable.push(usableOffer(announcement, offer, question))
  }
  return usable
}

function usableOffer({ peer, addresses }: Announcement, offer: SpanOffer, question: RouteQuestion): UsableOffer {
  const { reputation, now, reserveTokens, holding = new Set() } = question
  const holds = holding.has(peer)
  const ratio = reputation?.ratio(peer, now) ?? 1
  return {
    peer,
    addresses,
    span: offer.span,
    numerics: offer.numerics,
    int8: offer.int8 ?? false,
    class: classOf(offer.numerics),
    promisedMs: 1_000 / offer.decodeRate,
    promisedBatchedMs: 1_000 / offer.prefillRate,
    decodeMs: 1_000 / (offer.decodeRate * ratio),
    prefillMs: 1_000 / (offer.prefillRate * ratio),
    queueMs: offer.queueMs,
    penalty:
      BANNED_PENALTY * (reputation?.distrust(peer, now) ?? 0) +
      (holding.size > 0 && !holds ? FEED_PENALTY : 0) +
      (offer.leaving ? LEAVING_PENALTY : 0) +
      (offer.freeKvTokens < reserveTokens && !holds ? NO_KV_PENALTY : 0)
  }
}

/** Layer by layer, since every hop leads to a higher one. */
function shortestPath(offers: readonly UsableOffer[], question: RouteQuestion): Label | undefined {
  const { layers, maxHops = layers, partialSpans = false } = question
  const before = question.previous === undefined ? [] : classesOf(question.previous)
  const link = question.linkMs ?? (() => UNKNOWN_LINK_MS)
  const exits = partialSpans ? exitsOf(offers, layers) : []
  /** labels[l]: paths that have run layers [0, l), by their last peer. */
  const labels: Map<string, Label[]>[] = Array.from({ length: layers + 1 }, () => new Map())
  for (let layer = 0; layer < layers; layer++) {
    const paths: (Label | undefined)[] = layer === 0 ? [undefined] : [...labels[layer]!.values()].flat()
    const open = paths.filter(path => (path?.hops ?? 0) < maxHops)
    if (open.length === 0) continue
    for (const offer of offers) {
      for (const span of partialSpans ? partsFrom(offer.span, layer, exits) : offer.span.first === layer ? [offer.span] : []) {
        for (const path of open)
          if (!visited(path, offer.peer)) keepIfBetter(labels[span.end]!, extend(path, offer, span, link, layers, before))
      }
    }
  }
  let best: Label | undefined
  for (const label of [...labels[layers]!.values()].flat())
    if (best === undefined || label.cost < best.cost || (label.cost === best.cost && label.hops < best.hops)) best = label
  return best
}

function extend(
  before: Label | undefined,
  offer: UsableOffer,
  span: Span,
  link: (from: string | undefined, to: string | undefined) => number,
  layers: number,
  previous: readonly ClassedSpan[]
): Label {
  const count = span.end - span.first
  const way = link(before?.offer.peer, offer.peer) + (span.end === layers ? link(offer.peer, undefined) : 0)
  const decodeMs = way + HOP_MS + offer.queueMs + count * offer.decodeMs
  const changed = layersChanged(previous, { span, class: offer.class })
  return {
    offer,
    span,
    before,
    hops: (before?.hops ?? 0) + 1,
    cost: (before?.cost ?? 0) + decodeMs + offer.penalty + changed * OTHER_NUMERICS_PENALTY,
    decodeMs: (before?.decodeMs ?? 0) + decodeMs,
    // Links and queues are paid once a chunk, compute for each of its tokens.
    prefillMs: (before?.prefillMs ?? 0) + count * offer.prefillMs
  }
}

function visited(path: Label | undefined, peer: string): boolean {
  for (let label = path; label !== undefined; label = label.before) if (label.offer.peer === peer) return true
  return false
}

/** Keeps the path unless a kept one is as cheap, as short and visited no peer that this one did not. */
function keepIfBetter(byPeer: Map<string, Label[]>, label: Label): void {
  const kept = byPeer.get(label.offer.peer) ?? []
  if (kept.some(other => dominates(other, label))) return
  const remaining = kept.filter(other => !dominates(label, other))
  remaining.push(label)
  remaining.sort((a, b) => a.cost - b.cost)
  byPeer.set(label.offer.peer, remaining.slice(0, MAX_LABELS))
}

function dominates(a: Label, b: Label): boolean {
  if (a.cost > b.cost || a.hops > b.hops) return false
  for (let label: Label | undefined = a; label !== undefined; label = label.before)
    if (!visited(b, label.offer.peer)) return false
  return true
}

/** Where leaving a span early can pay: where another offer could take over, which is anywhere inside one. */
function exitsOf(offers: readonly UsableOffer[], layers: number): number[] {
  const exits = new Set([layers])
  for (const { span } of offers) for (let layer = span.first; layer <= span.end; layer++) exits.add(layer)
  return [...exits].sort((a, b) => a - b)
}

function partsFrom(span: Span, first: number, exits: readonly number[]): Span[] {
  if (span.first > first || span.end <= first) return []
  return exits.filter(end => end > first && end <= span.end).map(end => ({ first, end }))
}

function whyNone(offers: readonly UsableOffer[], { layers, maxHops }: RouteQuestion): string {
  const missing: string[] = []
  for (let layer = 0; layer < layers; layer++) {
    const first = layer
    while (layer < layers && !offers.some(({ span }) => span.first <= layer && layer < span.end)) layer++
    if (layer > first) missing.push(layer === first + 1 ? `${first}` : `${first}–${layer - 1}`)
  }
  if (missing.length > 0) return `No peer serves layers ${missing.join(', ')} of ${layers}`
  const spans = [...new Set(offers.map(({ span }) => `[${span.first}, ${span.end})`))].slice(0, 16).join(' ')
  return `Every one of ${layers} layers is served, but no spans join into a chain${maxHops === undefined ? '' : ` of at most ${maxHops} hops`}: ${spans}`
}
