/**
 * Where peers stand on the map of the swarm: this tab in the middle, others as far out as a message takes to them and back,
 * at the hour of the clock that their layers have in the model. A chain then runs around the clock and home again.
 */
import type { ChainHop } from '../peer/session/types.ts'
import type { Holder } from './state.ts'

/** Half the width of the drawing, in its own units. */
export const MAP_RADIUS = 100
/** Round trips drawn as rings, milliseconds: a room, a country, a continent. */
export const RINGS_MS = [1, 10, 100] as const

const NEAREST = 24
const FARTHEST = 80
/** Peers this tab has no connection to, and no measure of. */
const UNMEASURED = 92
const SLOWEST_MS = 400
/** Peers do not lie on one another. */
const LEAST_DISTANCE = 15
const ROUNDS = 24

export interface MapPeer {
  peer: string
  x: number
  y: number
  roundTripMs: number | undefined
  loading: boolean
}

export interface Point {
  x: number
  y: number
}

/** Log of the round trip, between the nearest and the farthest place. */
export function distanceOf(roundTripMs: number | undefined): number {
  if (roundTripMs === undefined) return UNMEASURED
  const share = Math.log(Math.max(1, Math.min(SLOWEST_MS, roundTripMs))) / Math.log(SLOWEST_MS)
  return NEAREST + share * (FARTHEST - NEAREST)
}

/** Everybody but this tab. The same peers stand in the same places, in whatever order they come. */
export function placePeers(
  holders: readonly Holder[],
  layers: number,
  self: string | undefined,
  roundTrips: Readonly<Record<string, number>>
): MapPeer[] {
  const others = new Map<string, Holder>()
  for (const holder of holders) {
    const { peer } = holder.entry.announcement
    if (peer !== self && !others.has(peer)) others.set(peer, holder)
  }
  const sorted = [...others].sort(([a], [b]) => (a < b ? -1 : 1))
  const places = sorted.map(([peer, { offer }]) => {
    const middle = (offer.span.first + offer.span.end) / 2
    return { angle: 2 * Math.PI * (middle / layers), distance: distanceOf(roundTrips[peer]) }
  })
  spread(places)
  return sorted.map(([peer, { offer }], index) => ({
    peer,
    ...pointAt(places[index]!),
    roundTripMs: roundTrips[peer],
    loading: offer.state === 'loading'
  }))
}

interface Place {
  angle: number
  distance: number
}

/** Turns peers that lie on one another apart along their rings: how far out they are stays true. */
function spread(places: Place[]): void {
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < places.length; i++) {
      for (let j = i + 1; j < places.length; j++) {
        const [a, b] = [places[i]!, places[j]!]
        const [from, to] = [pointAt(a), pointAt(b)]
        const apart = Math.hypot(from.x - to.x, from.y - to.y)
        if (apart >= LEAST_DISTANCE) continue
        const turn = (LEAST_DISTANCE - apart) / (a.distance + b.distance)
        const sense = Math.sin(b.angle - a.angle) >= 0 ? 1 : -1
        a.angle -= sense * turn
        b.angle += sense * turn
      }
    }
  }
}

/** 0 is noon. */
function pointAt({ angle, distance }: Place): Point {
  return { x: round(distance * Math.sin(angle)), y: round(-distance * Math.cos(angle)) }
}

/** A token's way from this tab through its chain and back, as SVG path data; hops that are not on the map are left out. */
export function chainPath(chain: readonly ChainHop[], peers: readonly MapPeer[], self: string | undefined): string {
  const home = { x: 0, y: 0 }
  const points = chain.flatMap(({ peer }) => {
    if (peer === self) return [home]
    const found = peers.find(other => other.peer === peer)
    return found === undefined ? [] : [found]
  })
  return `M0 0${points.map(({ x, y }) => `L${x} ${y}`).join('')}L0 0`
}

function round(value: number): number {
  // Never −0.
  return Math.round(value * 10) / 10 + 0
}
