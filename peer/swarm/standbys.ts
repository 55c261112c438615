/**
 * Which peer stands by for each hop of a route: another holder of just that span, of the same numerics class, so that the
 * hop's KV fits it. Functions of values, as routing is.
 */
import type { Reputation } from './reputation.ts'
import type { Directory, Route, RouteHop, SpanOffer, StandbyHop } from './types.ts'

export interface StandbyQuestion {
  /** Manifest digest. */
  model: string
  layers: number
  /** KV positions that a standby must have free. */
  reserveTokens: number
  reputation?: Reputation
  now: number
  /** Peers that hold KV of the session: preferred, and they need no more of it. */
  holding?: ReadonlySet<string>
}

interface Candidate extends StandbyHop {
  holds: boolean
  decodeMs: number
  queueMs: number
}

/** The route with a standby for each hop that has a candidate. */
export function withStandbys(directory: Directory, route: Route, question: StandbyQuestion): Route {
  const named = new Set(route.hops.map(({ peer }) => peer))
  const hops = route.hops.map(hop => {
    const best = candidatesFor(hop, directory, question)
      .filter(({ peer }) => !named.has(peer))
      .sort(inOrder)[0]
    if (best === undefined) return hop
    const { peer, addresses } = best
    named.add(peer)
    return { ...hop, standby: { peer, addresses } }
  })
  return { ...route, hops }
}

/** Everybody whom an open of this route has hold KV: hops and standbys. */
export function peersOf({ hops }: Route): StandbyHop[] {
  return hops.flatMap(({ peer, addresses, standby }) => [{ peer, addresses }, ...(standby === undefined ? [] : [standby])])
}

function candidatesFor(hop: RouteHop, { entries }: Directory, question: StandbyQuestion): Candidate[] {
  const { reputation, now, reserveTokens, holding } = question
  return entries.flatMap(({ announcement: { peer, addresses, offers } }) => {
    const offer = offers.find(offer => fits(hop, offer, question))
    const holds = holding?.has(peer) ?? false
    if (offer === undefined || reputation?.isBanned(peer, now)) return []
    if (offer.freeKvTokens < reserveTokens && !holds) return []
    const decodeMs = 1_000 / (offer.decodeRate * (reputation?.ratio(peer, now) ?? 1))
    return [{ peer, addresses, holds, decodeMs, queueMs: offer.queueMs }]
  })
}

function fits({ span, numerics }: RouteHop, offer: SpanOffer, { model, layers }: StandbyQuestion): boolean {
  return (
    offer.model === model &&
    offer.layers === layers &&
    offer.state === 'serving' &&
    offer.span.first === span.first &&
    offer.span.end === span.end &&
    offer.numerics === numerics
  )
}

/** Who holds KV first, then the fastest; the id decides between equals, so that the plan depends on the values alone. */
function inOrder(a: Candidate, b: Candidate): number {
  return Number(b.holds) - Number(a.holds) || a.decodeMs - b.decodeMs || a.queueMs - b.queueMs || (a.peer < b.peer ? -1 : 1)
}
