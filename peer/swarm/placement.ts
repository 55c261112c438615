/**
 * Which span a newcomer should host: the window that most raises the throughput of the weakest layers, within its memory.
 * Chains are made of whole spans, so among windows of equal use the one whose ends meet others' ends is taken.
 */
import type { Span } from '../model/types.ts'
import type { Directory } from './types.ts'

export interface PlacementQuestion {
  directory: Directory
  /** Manifest digest. */
  model: string
  layers: number
  /** Bytes that the span's weights and KV take on this peer, the embedding and the head included where it has them. */
  spanBytes: (span: Span) => number
  memoryBytes: number
  /** Tokens a second through one layer that this peer expects of itself. */
  decodeRate: number
  /** This peer's own id: what it announces already does not count. */
  self?: string
  /** A person's limit on the number of layers. */
  maxLayers?: number
  random: () => number
}

interface Candidate {
  span: Span
  holesFilled: number
  /** Both ends meet an end of another span or of the model. */
  joins: boolean
  /** Tokens a second through each layer, weakest first. */
  throughput: number[]
  endsMet: number
}

/** The span to host, or undefined when the memory does not even hold one layer. */
export function placeNewcomer(question: PlacementQuestion): Span | undefined {
  const { layers, random } = question
  const offers = question.directory.entries
    .filter(({ announcement }) => announcement.peer !== question.self)
    .flatMap(({ announcement }) => announcement.offers)
    .filter(offer => offer.model === question.model && offer.layers === layers && !offer.leaving)
  const windows = windowsThatFit(question)
  if (windows.length === 0) return undefined
  const throughput = new Array<number>(layers).fill(0)
  const ends = new Set([0, layers])
  for (const { span, decodeRate } of offers) {
    ends.add(span.first).add(span.end)
    for (let layer = span.first; layer < span.end; layer++) throughput[layer]! += decodeRate / (span.end - span.first)
  }
  // In an empty swarm everybody begins at layer 0, if layer 0 fits at all (the embedding may be its largest part): two
  // newcomers that don't see each other yet still make one chain sooner.
  const first = offers.length === 0 ? windows.filter(window => window.first === 0) : []
  let best: Candidate[] = []
  for (const span of first.length > 0 ? first : windows) {
    const candidate = judge(span, throughput, ends, question.decodeRate)
    const order = best[0] === undefined ? 1 : compare(candidate, best[0])
    if (order > 0) best = [candidate]
    else if (order === 0) best.push(candidate)
  }
  return best[Math.min(best.length - 1, Math.floor(random() * best.length))]!.span
}

function windowsThatFit({ layers, spanBytes, memoryBytes, maxLayers = layers }: PlacementQuestion): Span[] {
  const windows: Span[] = []
  for (let first = 0; first < layers; first++)
    for (let end = first + 1; end <= Math.min(layers, first + maxLayers); end++)
      if (spanBytes({ first, end }) <= memoryBytes) windows.push({ first, end })
  return windows
}

function judge(span: Span, throughput: readonly number[], ends: ReadonlySet<number>, decodeRate: number): Candidate {
  const after = [...throughput]
  let holesFilled = 0
  for (let layer = span.first; layer < span.end; layer++) {
    if (throughput[layer] === 0) holesFilled++
    after[layer]! += decodeRate / (span.end - span.first)
  }
  const endsMet = Number(ends.has(span.first)) + Number(ends.has(span.end))
  return { span, holesFilled, joins: endsMet === 2, throughput: after.sort((a, b) => a - b), endsMet }
}

/** > 0 when `a` is the better window. */
function compare(a: Candidate, b: Candidate): number {
  return (
    a.holesFilled - b.holesFilled ||
    Number(a.joins) - Number(b.joins) ||
    compareWeakest(a.throughput, b.throughput) ||
    a.endsMet - b.endsMet
  )
}

function compareWeakest(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!
    // Sums in another order differ in the last bits, which must not decide.
    if (Math.abs(difference) > 1e-9 * Math.max(a[i]!, b[i]!)) return difference
  }
  return 0
}
