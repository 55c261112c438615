/**
 * The bounds of the network layer, each with its reason. What a frame may hold is bounded where it is checked
 * (check-frames.ts), how large it may be beside its protocol (protocols.ts).
 */
import { limit, valuesOf } from '../limit-table.ts'

export interface TlsCertificate {
  /** PEM. */
  cert: string
  key: string
}

export interface TransportOptions {
  webrtc: boolean
  iceServers: RTCIceServer[]
  tls?: TlsCertificate
}

export const wireLimits = {
  LEAF_CONNECTIONS: limit(128, '', 'connections of a leaf: chain neighbours and directory nodes'),
  DIRECTORY_CONNECTIONS: limit(4_096, '', 'connections of a directory node: its leaves'),
  MAX_CONNECTIONS_PER_PEER: limit(
    16,
    '',
    'open connections that one peer may have to us: a relayed and a direct one, and those a reconnect has not yet noticed'
  ),
  INBOUND_PER_SECOND: limit(
    100,
    'per second',
    'new connections from one address: a browser full of tabs, a machine full of peers, a NAT full of people'
  ),
  MAX_PENDING_INBOUND: limit(64, '', 'connections that have not proven who they are and that they belong to the swarm'),
  DIAL_MS: limit(15_000, 'ms', 'from a dial to a usable channel, over all addresses'),
  ADDRESS_DIAL_MS: limit(4_000, 'ms', 'one address; an unreachable private one must not use up the time of those that work'),
  MAX_PARALLEL_DIALS: limit(16, '', 'dials under way: more than a chain has neighbours'),
  MAX_QUEUED_DIALS: limit(128, '', 'dials waiting: an open of a stranger makes a host dial one peer'),
  MAX_STREAMS_PER_PEER: limit(
    256,
    '',
    'streams of one protocol on a connection: one a session and epoch, and no host serves more sessions of one driver'
  ),
  MAX_EARLY_STREAMS: limit(
    128,
    '',
    'streams over a connection that we have not made ready yet: two for each answer that a gateway has at a time; with libp2p’s 10 a burst of them ends the connection'
  ),
  STREAM_BURST: limit(
    1_024,
    '',
    'streams one peer may open at once: as many sessions as a host keeps, two streams each, recovered once'
  ),
  STREAMS_PER_SECOND: limit(64, 'per second', 'streams one peer may open in the long run'),
  FIRST_FRAME_MS: limit(15_000, 'ms', 'a stream that was opened to us and brings no whole frame within this is reset'),
  SLOW_GRACE_MS: limit(
    15_000,
    'ms',
    'waiting for the rest of a frame that has begun, before its pace counts: a hiccup of the line'
  ),
  MIN_BYTES_PER_SECOND: limit(
    4 * 1024,
    'bytes/s',
    'slowest that a frame may come while we wait for it: a bad mobile link; below it a sender holds a session up for nothing'
  ),
  WEBRTC_BUFFER_BYTES: limit(
    256 * 1024,
    'bytes',
    'handed to one WebRTC data channel and not yet sent: libp2p’s 2 MiB are seconds on a slow uplink, ahead of every other stream'
  ),
  SOCKET_BUFFER_BYTES: limit(
    1024 * 1024,
    'bytes',
    'the same for a WebSocket, which all streams of a connection share (libp2p: 4 MiB)'
  ),
  MAX_RELAY_STREAMS: limit(
    2_048,
    '',
    'circuits through one relay at a time, each way; libp2p’s 300 are too few for a swarm whose ICE fails often'
  ),
  MAX_RESERVATIONS: limit(2_048, '', 'peers that hang on one relay; libp2p’s 15 carry no swarm'),
  RESERVATION_MS: limit(
    2 * 60 * 60_000,
    'ms',
    'how long a place on a relay lasts unless it is renewed; it ends with its peer’s last connection'
  ),
  RELAY_CIRCUIT_MS: limit(
    24 * 60 * 60_000,
    'ms',
    'longest circuit: one day, so that a forgotten one ends; libp2p’s 2 min carry signalling only, a chain lasts as long as its sessions'
  ),
  RELAY_CIRCUIT_BYTES: limit(
    8n * 1024n ** 3n,
    'bytes',
    'of a circuit, both ways: half a million tokens’ hidden states at width 8192 in f16'
  ),
  STREAM_MS: limit(
    2_000,
    'ms',
    'negotiating a stream over a connection that stands, a round trip or two: a peer that is slower is frozen, or its connection dead and not yet known to be'
  ),
  MAX_DIRECTORY_NODES: limit(3, '', 'directory nodes that one peer is reserved on and announces to'),
  MAX_OFFENDERS: limit(4_096, '', 'peers whose faults are remembered: as many as a directory node has connections'),
  REFUSAL_MS: limit(60_000, 'ms', 'first time that an offender is refused, doubled with each further one up to an hour')
} as const

export const {
  LEAF_CONNECTIONS,
  DIRECTORY_CONNECTIONS,
  MAX_CONNECTIONS_PER_PEER,
  INBOUND_PER_SECOND,
  MAX_PENDING_INBOUND,
  DIAL_MS,
  ADDRESS_DIAL_MS,
  MAX_PARALLEL_DIALS,
  MAX_QUEUED_DIALS,
  MAX_STREAMS_PER_PEER,
  MAX_EARLY_STREAMS,
  STREAM_BURST,
  STREAMS_PER_SECOND,
  FIRST_FRAME_MS,
  SLOW_GRACE_MS,
  MIN_BYTES_PER_SECOND,
  WEBRTC_BUFFER_BYTES,
  SOCKET_BUFFER_BYTES,
  MAX_RELAY_STREAMS,
  MAX_RESERVATIONS,
  RESERVATION_MS,
  RELAY_CIRCUIT_MS,
  RELAY_CIRCUIT_BYTES,
  STREAM_MS,
  MAX_DIRECTORY_NODES,
  MAX_OFFENDERS,
  REFUSAL_MS
} = valuesOf(wireLimits)
