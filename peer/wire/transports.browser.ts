/**
 * What a tab reaches others by: WebSockets to directory nodes, WebRTC to everyone, relayed circuits where ICE fails. A tab
 * serves no relay.
 */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { MAX_RELAY_STREAMS, SOCKET_BUFFER_BYTES, type TransportOptions, WEBRTC_BUFFER_BYTES } from './limits.ts'

export function createTransports({ webrtc, iceServers }: TransportOptions) {
  return [
    webSockets({ maxBufferedAmount: SOCKET_BUFFER_BYTES }),
    circuitRelayTransport({ maxInboundStopStreams: MAX_RELAY_STREAMS, maxOutboundStopStreams: MAX_RELAY_STREAMS }),
    ...(webrtc ? [webRTC({ rtcConfiguration: { iceServers }, dataChannel: { maxBufferedAmount: WEBRTC_BUFFER_BYTES } })] : [])
  ]
}

/** The browser ends its own connections. */
export const holdWebRtc = () => () => {}

export const relayServer = undefined
