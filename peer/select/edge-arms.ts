/**
 * The edge's arms as the directory has them now: the best chain of each class. A chain is as far as its farthest hop, so a
 * class is there only where a chain needs it: one within this machine, one within its network, one over any distance.
 */
import { NoRouteError } from '../errors.ts'
import type { Reputation } from '../swarm/reputation.ts'
import { planRoute } from '../swarm/routing.ts'
import type { Announcement, Directory, Route } from '../swarm/types.ts'
import type { Arm } from './arms.ts'
import { UNSTATED_WATTS, type Way } from './energy.ts'

export interface EdgeQuestion {
  model: { digest: string; layers: number; width: number }
  /** KV positions that the request reserves. */
  reserveTokens: number
  reputation: Reputation
  now: number
  wayTo: (announcement: Announcement) => Way
  promptPrice: number
  tokenPrice: number
  /** Bytes a second of the way to the edge; infinite for unknown. */
  bandwidth: number
}

export interface EdgeArm extends Arm {
  way: Way
  /** Peers that the chain may run through. */
  peers: ReadonlySet<string>
  /** Of the chain's hops, by peer. */
  watts: ReadonlyMap<string, number>
  /** Milliseconds since the hop that was heard of longest ago told of its queue and its room. */
  ageMs: number
}

const WAYS: readonly Way[] = ['local', 'lan', 'wan']
/** One way and back; measured ones are in the queue and the rates of an announcement, or nowhere. */
const LINK_MS: Record<Way, number> = { local: 1, lan: 5, wan: 60 }
/** An id to the first hop, and between hops f16. */
const ID_BYTES = 4
const VALUE_BYTES = 2

export function edgeArmId(way: Way): string {
  return `edge:${way}`
}

/** None where no chain covers the model. */
export function edgeArms(directory: Directory, question: EdgeQuestion): EdgeArm[] {
  const ways = new Map(directory.entries.map(({ announcement }) => [announcement.peer, question.wayTo(announcement)]))
  const rank = (peer: string) => WAYS.indexOf(ways.get(peer) ?? 'wan')
  return WAYS.flatMap((way, limit) => {
    const peers = new Set([...ways.keys()].filter(peer => rank(peer) <= limit))
    const route = routeWithin(directory, peers, question)
    if (route === undefined || Math.max(...route.hops.map(({ peer }) => rank(peer))) !== limit) return []
    return [armOf(way, peers, route, directory, question)]
  })
}

/** Why there is no chain at all. */
export function whyNoEdge(directory: Directory, question: EdgeQuestion): NoRouteError | undefined {
  try {
    planned(directory, undefined, question)
    return undefined
  } catch (thrown) {
    if (thrown instanceof NoRouteError) return thrown
    throw thrown
  }
}

function routeWithin(directory: Directory, peers: ReadonlySet<string>, question: EdgeQuestion): Route | undefined {
  try {
    return planned(directory, peers, question)
  } catch (thrown) {
    if (thrown instanceof NoRouteError) return undefined
    throw thrown
  }
}

function planned(directory: Directory, peers: ReadonlySet<string> | undefined, question: EdgeQuestion): Route {
  const { model, reserveTokens, reputation, now } = question
  return planRoute(directory, {
    model: model.digest,
    layers: model.layers,
    reserveTokens,
    reputation,
    now,
    ...(peers === undefined ? {} : { onlyPeers: peers })
  })
}

function armOf(way: Way, peers: ReadonlySet<string>, route: Route, directory: Directory, question: EdgeQuestion): EdgeArm {
  const { model, promptPrice, tokenPrice, bandwidth } = question
  const announcements = new Map(directory.entries.map(({ announcement }) => [announcement.peer, announcement]))
  const ages = new Map(directory.entries.map(({ announcement, ageMs }) => [announcement.peer, ageMs]))
  const offers = route.hops.map(({ peer, span }) =>
    announcements
      .get(peer)!
      .offers.find(offer => offer.model === model.digest && offer.span.first === span.first && offer.span.end === span.end)
  )
  return {
    id: edgeArmId(way),
    place: 'edge',
    way,
    peers,
    watts: new Map(route.hops.map(({ peer }) => [peer, announcements.get(peer)!.watts ?? UNSTATED_WATTS])),
    ageMs: Math.max(...route.hops.map(({ peer }) => ages.get(peer) ?? 0)),
    waitMs: offers.reduce((sum, offer) => sum + (offer?.queueMs ?? 0), 0),
    linkMs: LINK_MS[way] * (route.hops.length + 1),
    prefillMsPerToken: route.prefillMs,
    decodeMsPerToken: route.decodeMs,
    freeKvTokens: Math.min(...offers.map(offer => offer?.freeKvTokens ?? 0)),
    bandwidth,
    hopBytes: ID_BYTES + (route.hops.length - 1) * model.width * VALUE_BYTES,
    promptPrice,
    tokenPrice
  }
}
