/**
 * The places that peers hold on a relay. libp2p's own store keeps a peer's place for two hours after the peer has gone, so
 * that those who come and go fill the relay and its memory; and it cuts the place of a peer that stays, with every circuit
 * to it, two hours after its first renewal, since retimeable-signal 1.0 forgets only the first of its timers. Here a place
 * ends with its peer's last connection, or when it was not renewed in time.
 */
import type { CircuitRelayService, RelayReservation } from '@libp2p/circuit-relay-v2'
import type { Libp2pEvents, PeerId, TypedEventTarget } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { DeadlineError } from '../errors.ts'

type Places = CircuitRelayService['reservations']

export interface PlaceLimits {
  maxReservations: number
  /** How long a place lasts unless it is renewed, ms; less than 2³¹. */
  reservationTtl: number
  /** Of each circuit, ms. */
  circuitMs: number
}

/** What libp2p's relay server asks its store of reservations. */
interface PlaceStore {
  readonly reservations: Places
  reserve: (peer: PeerId, address: Multiaddr) => { status: string; expire?: number }
  removeReservation: (peer: PeerId) => void
  get: (peer: PeerId) => RelayReservation | undefined
  clear: () => void
}

export class RelayPlaces implements PlaceStore {
  readonly reservations: Places
  readonly #limits: PlaceLimits

  /** `reservations` is the map that the relay server shows. */
  constructor(reservations: Places, limits: PlaceLimits) {
    this.reservations = reservations
    this.#limits = limits
  }

  /** A new place, or the peer's own for longer. `expire`: seconds since 1970. */
  reserve(peer: PeerId, addr: Multiaddr): { status: string; expire?: number } {
    const { maxReservations, reservationTtl, circuitMs } = this.#limits
    const expiry = new Date(Date.now() + reservationTtl)
    const held = this.reservations.get(peer)
    if (held === undefined && this.reservations.size >= maxReservations) return { status: 'RESERVATION_REFUSED' }
    if (held !== undefined) {
      held.expiry = expiry
      held.signal.reset(reservationTtl)
    } else {
      // Bytes are counted where circuits are joined.
      const limit = { duration: circuitMs }
      const signal = expiringSignal(reservationTtl, () => this.removeReservation(peer))
      this.reservations.set(peer, { addr, expiry, limit, signal })
    }
    return { status: 'OK', expire: Math.round(expiry.getTime() / 1_000) }
  }

  removeReservation(peer: PeerId): void {
    this.reservations.get(peer)?.signal.clear()
    this.reservations.delete(peer)
  }

  get(peer: PeerId): RelayReservation | undefined {
    return this.reservations.get(peer)
  }

  clear(): void {
    for (const { signal } of this.reservations.values()) signal.clear()
    this.reservations.clear()
  }
}

/** Has the relay server's places end with their peers. */
export function keepPlaces(relay: CircuitRelayService, events: TypedEventTarget<Libp2pEvents>, limits: PlaceLimits): void {
  const places = new RelayPlaces(relay.reservations, limits)
  // Private to libp2p's class, and read anew at each use.
  const store: { reservationStore: PlaceStore } = { reservationStore: places }
  Object.assign(relay, store)
  events.addEventListener('peer:disconnect', ({ detail: peer }) => places.removeReservation(peer))
}

/** Aborts after `ms`, and `onExpired` is called, unless it is reset or cleared before. */
function expiringSignal(ms: number, onExpired: () => void): RelayReservation['signal'] {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const clear = () => clearTimeout(timer)
  const reset = (again = ms) => {
    clear()
    timer = setTimeout(() => {
      onExpired()
      controller.abort(new DeadlineError('the place on the relay was not renewed'))
    }, again)
  }
  reset()
  return Object.assign(controller.signal, { reset, clear })
}
