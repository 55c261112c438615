/**
 * Who holds which layers, laid out for the picture of the swarm.
 */
import type { Span } from '../peer/model/types.ts'
import type { DirectoryEntry } from '../peer/swarm/types.ts'
import type { GoneHolder, Holder, ModelChoice, ModelCoverage, PageState } from './state.ts'

/** Everyone announcing a span of the model, lower layers first. */
export function holdersOf(entries: readonly DirectoryEntry[], model: string): Holder[] {
  return entries
    .flatMap(entry => entry.announcement.offers.filter(offer => offer.model === model).map(offer => ({ entry, offer })))
    .sort(
      (a, b) =>
        a.offer.span.first - b.offer.span.first ||
        b.offer.span.end - a.offer.span.end ||
        (a.entry.announcement.peer < b.entry.announcement.peer ? -1 : 1)
    )
}

/** How long a peer that left is still shown, as gone. */
const GONE_MS = 8_000

/** Who was among `before` and is not among `now`, with those that left a moment earlier. */
export function withGone(
  gone: readonly GoneHolder[],
  before: readonly Holder[],
  now: readonly Holder[],
  at: number
): GoneHolder[] {
  const here = new Set(now.map(({ entry }) => entry.announcement.peer))
  const left = before.filter(({ entry }) => !here.has(entry.announcement.peer)).map(holder => ({ holder, at }))
  const leftAnew = new Set(left.map(({ holder }) => holder.entry.announcement.peer))
  const still = gone.filter(
    ({ holder: { entry }, at: since }) =>
      at - since < GONE_MS && !here.has(entry.announcement.peer) && !leftAnew.has(entry.announcement.peer)
  )
  return [...still, ...left]
}

/** Rows of spans that do not overlap: holders of a whole chain lie side by side. */
export function lanesOf(holders: readonly Holder[]): Holder[][] {
  const lanes: Holder[][] = []
  for (const holder of holders) {
    const lane = lanes.find(others => others.at(-1)!.offer.span.end <= holder.offer.span.first)
    if (lane === undefined) lanes.push([holder])
    else lane.push(holder)
  }
  return lanes
}

/** How many peers serve each layer now. */
export function coverage(holders: readonly Holder[], layers: number): number[] {
  return Array.from(
    { length: layers },
    (_, layer) =>
      holders.filter(({ offer }) => offer.state === 'serving' && offer.span.first <= layer && layer < offer.span.end).length
  )
}

export function coverageOf(holders: readonly Holder[], layers: number): ModelCoverage {
  const serving = holders.filter(({ offer }) => offer.state === 'serving')
  return { counts: coverage(holders, layers), peers: new Set(serving.map(({ entry }) => entry.announcement.peer)).size }
}

/** Of the models a donor allows, the one whose thinnest layer fewest peers hold; between equals the first. */
export function neediest(
  models: readonly ModelChoice[],
  coverages: PageState['coverages'],
  refused: readonly string[]
): ModelChoice | undefined {
  const thinnest = ({ digest }: ModelChoice) => Math.min(...(coverages[digest]?.counts ?? [0]))
  return models
    .filter(({ digest }) => !refused.includes(digest))
    .reduce<ModelChoice | undefined>(
      (best, model) => (best === undefined || thinnest(model) < thinnest(best) ? model : best),
      undefined
    )
}

/** What keeps an answer from being computed now; empty when nothing does, or nothing is known yet. */
export function missingLayers({ directory, model }: Pick<PageState, 'directory' | 'model'>): Span[] {
  if (directory === undefined || model === undefined) return []
  return missingSpans(coverage(holdersOf(directory, model.digest), model.layers))
}

/** Runs of layers that nobody serves. */
export function missingSpans(covered: readonly number[]): Span[] {
  return spansWith(covered, 0)
}

/** Runs of layers that hang on one peer: if it leaves, no answer can be computed until somebody takes its place. */
export function thinSpans(covered: readonly number[]): Span[] {
  return spansWith(covered, 1)
}

function spansWith(covered: readonly number[], wanted: number): Span[] {
  const spans: Span[] = []
  covered.forEach((count, layer) => {
    if (count !== wanted) return
    const last = spans.at(-1)
    if (last?.end === layer) last.end = layer + 1
    else spans.push({ first: layer, end: layer + 1 })
  })
  return spans
}
