/**
 * What a Node peer reaches others by: TCP, WebSockets, WebRTC and relayed circuits; and the relay it may serve. The tab's
 * counterpart is transports.browser.ts; `#wire/transports` picks one.
 */
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { tcp } from '@libp2p/tcp'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { closeDataChannelsWithConnection } from './close-data-channels.ts'
import { MAX_RELAY_STREAMS, RELAY_LIMITS, SOCKET_BUFFER_BYTES, type TransportOptions, WEBRTC_BUFFER_BYTES } from './limits.ts'
import { withPlaces } from './relay-places.ts'

export function createTransports({ webrtc, iceServers, tls }: TransportOptions) {
  if (webrtc) closeDataChannelsWithConnection()
  return [
    tcp(),
    webSockets({
      maxBufferedAmount: SOCKET_BUFFER_BYTES,
      ...(tls === undefined ? {} : { https: { cert: tls.cert, key: tls.key } })
    }),
    circuitRelayTransport({ maxInboundStopStreams: MAX_RELAY_STREAMS, maxOutboundStopStreams: MAX_RELAY_STREAMS }),
    ...(webrtc ? [webRTC({ rtcConfiguration: { iceServers }, dataChannel: { maxBufferedAmount: WEBRTC_BUFFER_BYTES } })] : [])
  ]
}

export { holdWebRtc } from './close-data-channels.ts'

/** The relay that a directory node serves. */
export const relayServer = withPlaces(
  circuitRelayServer({
    maxInboundHopStreams: MAX_RELAY_STREAMS,
    maxOutboundHopStreams: MAX_RELAY_STREAMS,
    maxOutboundStopStreams: MAX_RELAY_STREAMS
  }),
  RELAY_LIMITS
)
