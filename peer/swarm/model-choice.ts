/**
 * Which of a swarm's models a newcomer is wanted for most: one whose layers are held in part, then the one that is asked for
 * most beside what it can do. Models that nobody holds wait for somebody who names them: nobody can say that he misses them.
 */
import { ChainFlow } from './throughput.ts'
import type { Directory, SpanOffer } from './types.ts'

export interface PublishedModelFacts {
  /** Manifest digest. */
  digest: string
  layers: number
}

interface Want {
  digest: string
  hole: boolean
  /** Sessions asked for in about a minute. */
  demand: number
  /** Of these for each token a second that all chains together decode. */
  pressure: number
}

/** The digest of the model to host; of equals the one published first. `models` are not empty. */
export function mostWanted({ entries }: Directory, models: readonly PublishedModelFacts[]): string {
  const offers = entries.flatMap(({ announcement }) => announcement.offers).filter(({ leaving }) => !leaving)
  const wants = models.map(model => wantOf(model, offers))
  // Sorting keeps the order of equals.
  return wants.sort((a, b) => Number(b.hole) - Number(a.hole) || (a.hole ? b.demand - a.demand : b.pressure - a.pressure))[0]!
    .digest
}

function wantOf({ digest, layers }: PublishedModelFacts, all: readonly SpanOffer[]): Want {
  const offers = all.filter(offer => offer.model === digest && offer.layers === layers)
  const spans = offers.map(({ span, decodeRate }) => ({ span, rate: decodeRate / (span.end - span.first) }))
  const { throughput } = new ChainFlow(layers, spans)
  const demand = demandOf(offers, layers)
  return {
    digest,
    hole: offers.length > 0 && throughput === 0,
    demand,
    pressure: throughput > 0 ? demand / throughput : 0
  }
}

/** Sessions that a model is asked for in about a minute. */
export function demandOf(offers: readonly Pick<SpanOffer, 'span' | 'demand'>[], layers: number): number {
  // Holders of the same layers share what is asked for; holders of different ones are asked for the same.
  const asked = new Array<number>(layers).fill(0)
  for (const { span, demand = 0 } of offers) for (let layer = span.first; layer < span.end; layer++) asked[layer]! += demand
  return Math.max(...asked)
}
