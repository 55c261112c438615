/** The relay that a directory node serves: libp2p's, with places and circuits that leave nothing behind. */
import { type CircuitRelayServerComponents, type CircuitRelayService, circuitRelayServer } from '@libp2p/circuit-relay-v2'
import type { Libp2pEvents, TypedEventTarget } from '@libp2p/interface'
import { MAX_RELAY_STREAMS, MAX_RESERVATIONS, RELAY_CIRCUIT_BYTES, RELAY_CIRCUIT_MS, RESERVATION_MS } from './limits.ts'
import { mendCircuits } from './relay-circuits.ts'
import { keepPlaces } from './relay-places.ts'

const create = circuitRelayServer({
  maxInboundHopStreams: MAX_RELAY_STREAMS,
  maxOutboundHopStreams: MAX_RELAY_STREAMS,
  maxOutboundStopStreams: MAX_RELAY_STREAMS
})

export function relayServer(
  components: CircuitRelayServerComponents & { events: TypedEventTarget<Libp2pEvents> }
): CircuitRelayService {
  const relay = create(components)
  keepPlaces(relay, components.events, {
    maxReservations: MAX_RESERVATIONS,
    reservationTtl: RESERVATION_MS,
    circuitMs: RELAY_CIRCUIT_MS
  })
  mendCircuits(relay, RELAY_CIRCUIT_BYTES)
  return relay
}
