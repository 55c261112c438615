/**
 * Whether a peer that serves should take other layers: into a hole first, else where the whole swarm's throughput gains by
 * a third. A function of a directory value: peers that see the same directory agree on who goes first.
 */
import type { Span } from '../model/types.ts'
import { ChainFlow, type SpanRate } from './throughput.ts'
import type { Directory, SpanOffer } from './types.ts'

/** A move costs a load of weights and disturbs sessions: less than a third is not worth it, and soon gone again. */
export const LEAST_GAIN = 4 / 3

export interface RebalanceQuestion {
  directory: Directory
  /** Manifest digest. */
  model: string
  layers: number
  /** This peer's id: what the directory holds of it does not count, but the following. */
  self: string
  current: Span
  /** Sessions it keeps now. */
  sessions: number
  /** Tokens a second through one layer, measured. */
  decodeRate: number
  spanBytes: (span: Span) => number
  memoryBytes: number
  /** A person's limit on the number of layers. */
  maxLayers?: number
  /** Peers that have loaded for so long that nobody counts on them any more. */
  stuck?: ReadonlySet<string>
  /** This peer has said that it moves: of others that said so too, those that go after it don't count. */
  claiming?: boolean
}

export interface Move {
  span: Span
  /** Digest of the model that the span is of; absent: the one it has. */
  model?: string
  /** No chain is whole, more would go through them, or another model is asked for much more. */
  reason: 'hole' | 'throughput' | 'demand'
  /** Others that may do the same and go first. */
  rank: number
}

/** Another peer, as far as it matters to this model. */
interface Other {
  peer: string
  serving: SpanOffer[]
  loading: SpanOffer[]
  /** Served still, but about to be given up for what it loads. */
  leaving: SpanOffer[]
}

/** Where to go, or undefined to stay. */
export function planMove(question: RebalanceQuestion): Move | undefined {
  const { layers, current, decodeRate, claiming = false, self, model } = question
  const others = othersOf(question)
  const order = orderOf(question)
  // By what all know of each other alone: word of sessions may be old, and both would go, or neither.
  const isBehind = ({ peer }: Other) => numberOf(`${model}/${peer}`) > numberOf(`${model}/${self}`)
  const yields = (other: Other) => claiming && other.leaving.length > 0 && isBehind(other)
  const counted = others.map(other => (yields(other) ? staying(other) : other))
  const coming = counted.flatMap(({ serving, loading }) => [...serving, ...loading]).map(rateOf)
  const own = { span: current, rate: decodeRate / (current.end - current.first) }
  const before = new ChainFlow(layers, [...coming, own]).throughput
  if (before === 0) {
    const span = intoHole(question, coming)
    return span && { span, reason: 'hole', rank: rankOf(others, coming, own, order) }
  }
  // One at a time: while anybody moves or loads nobody knows what will be.
  if (counted.some(({ loading }) => loading.length > 0)) return undefined
  const without = new ChainFlow(layers, coming)
  // Service goes on while this peer is between two spans.
  if (without.throughput === 0) return undefined
  const span = forThroughput(question, without, before)
  return span && { span, reason: 'throughput', rank: rankOf(others, coming, own, order) }
}

function othersOf({ directory, model, layers, self, stuck }: RebalanceQuestion): Other[] {
  return directory.entries
    .filter(({ announcement }) => announcement.peer !== self)
    .map(({ announcement: { peer, offers } }) => {
      const ours = offers.filter(offer => offer.model === model && offer.layers === layers)
      const loading = stuck?.has(peer) ? [] : ours.filter(({ state }) => state === 'loading')
      const serving = ours.filter(({ state, leaving }) => state === 'serving' && !leaving)
      return { peer, serving, loading, leaving: ours.filter(({ leaving }) => leaving) }
    })
}

function staying({ peer, serving, leaving }: Other): Other {
  return { peer, serving: [...serving, ...leaving], loading: [], leaving: [] }
}

export function rateOf({ span, decodeRate }: Pick<SpanOffer, 'span' | 'decodeRate'>): SpanRate {
  return { span, rate: decodeRate / (span.end - span.first) }
}

/**
 * The window that makes a chain whole, or leaves the fewest layers without a holder; never one that leaves a layer without
 * that has one now.
 */
function intoHole(question: RebalanceQuestion, coming: readonly SpanRate[]): Span | undefined {
  const { layers, current, decodeRate } = question
  const flow = new ChainFlow(layers, coming)
  const held = new Array<boolean>(layers).fill(false)
  const ends = new Set([0, layers])
  for (const { span } of coming) {
    held.fill(true, span.first, span.end)
    ends.add(span.first).add(span.end)
  }
  const missingWith = (span: Span) =>
    held.reduce((count, holds, layer) => count + Number(!holds && !(span.first <= layer && layer < span.end)), 0)
  const loses = (span: Span) =>
    held.some(
      (holds, layer) => !holds && current.first <= layer && layer < current.end && !(span.first <= layer && layer < span.end)
    )
  const missingNow = missingWith(current)
  let best: { span: Span; score: number[] } | undefined
  for (const span of windowsThatFit(question)) {
    if (loses(span)) continue
    const missing = missingWith(span)
    const length = span.end - span.first
    const throughput = flow.with({ span, rate: decodeRate / length })
    if (throughput === 0 && missing >= missingNow) continue
    const joined = Number(ends.has(span.first)) + Number(ends.has(span.end))
    const score = [Number(throughput > 0), -missing, throughput, joined, -length]
    if (best === undefined || isBetter(score, best.score)) best = { span, score }
  }
  return best?.span
}

function forThroughput(question: RebalanceQuestion, without: ChainFlow, before: number): Span | undefined {
  let best: { span: Span; score: number[] } | undefined
  for (const span of windowsThatFit(question)) {
    const length = span.end - span.first
    const throughput = without.with({ span, rate: question.decodeRate / length })
    if (throughput < LEAST_GAIN * before) continue
    const score = [throughput, -length]
    if (best === undefined || isBetter(score, best.score)) best = { span, score }
  }
  return best?.span
}

function windowsThatFit({ layers, spanBytes, memoryBytes, maxLayers = layers, current }: RebalanceQuestion): Span[] {
  const windows: Span[] = []
  for (let first = 0; first < layers; first++)
    for (let end = first + 1; end <= Math.min(layers, first + maxLayers); end++)
      if ((first !== current.first || end !== current.end) && spanBytes({ first, end }) <= memoryBytes)
        windows.push({ first, end })
  return windows
}

function isBetter(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!
    // Sums in another order differ in the last bits, which must not decide.
    if (Math.abs(difference) > 1e-9 * Math.max(Math.abs(a[i]!), Math.abs(b[i]!))) return difference > 0
  }
  return false
}

/**
 * A place in line, the lower the sooner: who keeps no session first, then by a number of its own that no peer can choose
 * for itself in all models. `undefined` is this peer.
 */
function orderOf({ self, sessions, model }: RebalanceQuestion): (other: Other | undefined) => number {
  return other => {
    const kept = other === undefined ? sessions : Math.max(0, ...other.serving.map(offer => offer.sessions ?? 0))
    return Number(kept > 0) + numberOf(`${model}/${other?.peer ?? self}`)
  }
}

/** Those before this peer that may move, and whose layers others hold as well. */
function rankOf(
  others: readonly Other[],
  coming: readonly SpanRate[],
  own: SpanRate,
  order: (other: Other | undefined) => number
): number {
  const place = order(undefined)
  const depth = depthOf([...coming, own])
  return others.filter(
    other =>
      other.serving.length > 0 &&
      other.serving.every(offer => offer.movable && isSpare(offer.span, depth)) &&
      order(other) < place
  ).length
}

/** How many hold each layer. */
export function depthOf(held: readonly { span: Span }[]): ReadonlyMap<number, number> {
  const depth = new Map<number, number>()
  for (const { span } of held)
    for (let layer = span.first; layer < span.end; layer++) depth.set(layer, (depth.get(layer) ?? 0) + 1)
  return depth
}

/** Whether somebody else holds each of the span's layers as well. */
export function isSpare(span: Span, depth: ReadonlyMap<number, number>): boolean {
  for (let layer = span.first; layer < span.end; layer++) if ((depth.get(layer) ?? 0) < 2) return false
  return true
}

/** FNV-1a over the text, as a number in [0, 1). */
export function numberOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0) / 2 ** 32
}
