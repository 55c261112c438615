/**
 * What host and session see of the network: typed, ordered, bounded channels to peers named by their id. The libp2p
 * node implements it; tests put a lossy or in-memory one in its place.
 */

/** `urgent`: a step of decode, which somebody reads along with; `bulk`: much at once, which may wait for those. */
export type Haste = 'urgent' | 'bulk'

/** How one protocol's frames become bytes. `decode` throws InvalidFrameError. */
export interface Protocol<Frame> {
  /** libp2p protocol id, e.g. /shoal/chain/1.0.0. */
  id: string
  maxFrameBytes: number
  encode: (frame: Frame) => Uint8Array
  decode: (bytes: Uint8Array) => Frame
  /** Whether nothing of the frame is known to this version: such frames are passed over. Default: none is. */
  isUnknown?: (frame: Frame) => boolean
  /** What goes before what on a connection; within a channel frames keep their order. Default: neither. */
  haste?: (frame: Frame) => Haste | undefined
}

export interface Channel<Frame> {
  /** Proven by the connection's handshake, never claimed. */
  readonly remotePeer: string
  /**
   * Queues a frame, in order. Resolves when the queue has room for more; the queue is bounded, so callers await it.
   * @throws PeerLostError once the channel is closed or reset
   */
  send: (frame: Frame, signal?: AbortSignal) => Promise<void>
  /**
   * Frames as they come, but for those that only newer peers know; ends when the other side closes, throws PeerLostError on a reset and InvalidFrameError on a bad
   * frame: after it nothing more is read, but the reader may still send why before it ends the channel. One reader only.
   * Not reading pushes back on the sender.
   */
  frames: () => AsyncIterable<Frame>
  /** Flushes and ends our side, bounded in time. */
  close: () => Promise<void>
  /** Resets both sides at once. */
  abort: (reason: Error) => void
  /** Resolves once the channel is over either way; never rejects. */
  readonly closed: Promise<void>
}

export interface Links {
  /** This peer's id. */
  readonly self: string
  /** Where others may dial this peer now. */
  addresses: () => string[]
  /** Opens a channel, reusing a live connection and dialling the addresses otherwise. @throws PeerLostError, DeadlineError */
  dial: <Frame>(
    peer: string,
    addresses: readonly string[],
    protocol: Protocol<Frame>,
    signal?: AbortSignal
  ) => Promise<Channel<Frame>>
  /** Serves a protocol; the returned function stops it. Errors of the handler reset that channel only. */
  handle: <Frame>(protocol: Protocol<Frame>, handler: (channel: Channel<Frame>) => Promise<void>) => () => void
  /** Charges a peer whose frames are well formed and wrong all the same; who is charged too often is refused for a while. */
  offended?: (peer: string) => void
}
