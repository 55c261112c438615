/**
 * The bounds of the network layer that more than one file of it needs, each with its reason.
 */

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

/** Bytes handed to one WebRTC data channel and not yet sent. libp2p allows 2 MiB, seconds on a slow uplink, ahead of every other stream. */
export const WEBRTC_BUFFER_BYTES = 256 * 1024

/** The same for a WebSocket, which all streams of a connection share (libp2p: 4 MiB). */
export const SOCKET_BUFFER_BYTES = 1024 * 1024

/** Circuits through one relay at a time, each way; libp2p's 300 are too few for a swarm whose ICE fails often. */
export const MAX_RELAY_STREAMS = 2048

/**
 * What a directory node relays. libp2p's defaults (15 reservations, 128 KiB and 2 min a circuit) carry signalling only;
 * where ICE fails a chain runs over the circuit for as long as its sessions last.
 */
export const RELAY_LIMITS = {
  maxReservations: 2048,
  reservationTtl: 2 * 60 * 60 * 1000,
  applyDefaultLimit: true,
  /** Milliseconds; one day, so that a forgotten circuit ends (must stay below the 2³¹ ms of a timer). */
  defaultDurationLimit: 24 * 60 * 60 * 1000,
  /** Bytes a circuit, both ways: half a million tokens' hidden states at width 8192 in f16. */
  defaultDataLimit: 8n * 1024n ** 3n
}

/** Streams of one protocol between two peers: a stream a session and epoch, and no host serves more sessions of one driver. */
export const MAX_STREAMS_PER_PEER = 256

/** Directory nodes that one peer is reserved on and announces to; a leaf hangs on two or three. */
export const MAX_DIRECTORY_NODES = 3

/**
 * Negotiating a stream over a connection that stands: a round trip or two. A peer that does not answer in this time is
 * frozen, or its connection is dead and not yet known to be.
 */
export const STREAM_MS = 2_000
