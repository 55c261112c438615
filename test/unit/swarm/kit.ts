/** Swarms of made-up peers for the planners' tests. */
import type { Span } from '../../../peer/model/types.ts'
import type { Directory, SpanOffer } from '../../../peer/swarm/types.ts'

export const model = 'ab'.repeat(32)

export function offerOf(span: Span, layers: number, changes: Partial<SpanOffer> = {}): SpanOffer {
  return {
    model,
    layers,
    span,
    state: 'serving',
    numerics: 'kv=f32',
    prefillRate: 1_000,
    decodeRate: 100,
    freeKvTokens: 4_096,
    queueMs: 0,
    ...changes
  }
}

export function directoryOf(offers: Record<string, SpanOffer | SpanOffer[]>): Directory {
  return {
    entries: Object.entries(offers).map(([peer, offer]) => ({
      announcement: {
        peer,
        sequence: 1,
        addresses: [`/ip4/127.0.0.1/tcp/1/p2p/${peer}`],
        agent: 'node',
        adapter: 'test',
        offers: [offer].flat()
      },
      ageMs: 0
    }))
  }
}
