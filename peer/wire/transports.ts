/**
 * What a Node peer reaches others by: TCP, WebSockets, WebRTC and relayed circuits; and the relay it may serve. The tab's
 * counterpart is transports.browser.ts; `#wire/transports` picks one.
 */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { tcp } from '@libp2p/tcp'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { closeDataChannelsWithConnection } from './close-data-channels.ts'
import { MAX_RELAY_STREAMS, SOCKET_BUFFER_BYTES, type TransportOptions, WEBRTC_BUFFER_BYTES } from './limits.ts'

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
export { relayServer } from './relay-server.ts'
