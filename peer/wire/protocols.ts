/**
 * Shoal's protocols as channels speak them (of standbys: standby-frames.ts), and the topic of directory nodes: the id, the largest frame, and
 * protobuf with the checks that protobuf lacks.
 *
 * Old and new peers meet in one chain. What a newer version adds, it adds so that an older one can go on without it:
 * - a field: skipped by who does not know it, and gone from what is built anew on the way (steps, answers). An open is
 *   passed on as it was signed, with all its fields.
 * - a body of a frame: ignored in chains and gossip; a request to a directory node is answered with a failure.
 * - a value of an enum, or another meaning of a field: only to peers whose announcement says that they know it; from
 *   others it is refused as a bad frame.
 * Where an older peer could not go on, the protocol's id changes: dialling a peer that does not serve it fails with
 * PeerLostError, and its driver routes around it. A peer that serves several versions handles each id.
 */
import { InvalidFrameError, ShoalError } from '../errors.ts'
import type { Protocol } from './channel.ts'
import {
  answerFrameLimits,
  chainLimits,
  checkAnswerFrame,
  checkChainFrame,
  checkDirectoryFrame,
  checkGossipFrame,
  directoryLimits,
  gossipLimits
} from './check-frames.ts'
import { AnswerFrame, ChainFrame, DirectoryFrame, GossipFrame } from './frames.pb.js'
import { chainHaste } from './haste.ts'
import { hasUnknownBody } from './unknown-body.ts'

/** Frame fields beside its largest one. */
export const FRAMING_BYTES = 64 * 1024

/** A prefill chunk of 256 tokens at width 8192 in f32. A row of logits is a quarter of it. */
export const MAX_CHAIN_FRAME_BYTES = 256 * 8192 * 4 + FRAMING_BYTES

/** A row of 512k logits in f32; 256 head rows of 128 ids and logits are smaller. */
export const MAX_ANSWER_FRAME_BYTES = 512 * 1024 * 4 + FRAMING_BYTES

/** 1,024 announcements of 2 KiB, or 128 of the largest. */
export const MAX_DIRECTORY_FRAME_BYTES = 2 * 1024 * 1024 + FRAMING_BYTES

export const chainProtocol: Protocol<ChainFrame> = {
  id: '/shoal/chain/1.0.0',
  maxFrameBytes: MAX_CHAIN_FRAME_BYTES,
  encode: frame => ChainFrame.encode(frame),
  decode: bytes => checked('ChainFrame', () => ChainFrame.decode(withBody(bytes), { limits: chainLimits }), checkChainFrame),
  isUnknown: hasUnknownBody,
  haste: chainHaste
}

export const answerProtocol: Protocol<AnswerFrame> = {
  id: '/shoal/answer/1.0.0',
  maxFrameBytes: MAX_ANSWER_FRAME_BYTES,
  encode: frame => AnswerFrame.encode(frame),
  decode: bytes =>
    checked('AnswerFrame', () => AnswerFrame.decode(withBody(bytes), { limits: answerFrameLimits }), checkAnswerFrame),
  isUnknown: hasUnknownBody
}

export const directoryProtocol: Protocol<DirectoryFrame> = {
  id: '/shoal/directory/1.0.0',
  maxFrameBytes: MAX_DIRECTORY_FRAME_BYTES,
  encode: frame => DirectoryFrame.encode(frame),
  decode: bytes =>
    checked('DirectoryFrame', () => DirectoryFrame.decode(withBody(bytes), { limits: directoryLimits }), checkDirectoryFrame)
}

/** The topic on which directory nodes gossip. */
export const GOSSIP_TOPIC = '/shoal/gossip/1.0.0'

/** One gossip message: an announcement, 512 renewals, or a directory node's models with URLs of usual length. */
export const MAX_GOSSIP_BYTES = 64 * 1024

/** @throws InvalidFrameError */
export function decodeGossip(bytes: Uint8Array): GossipFrame {
  if (bytes.byteLength > MAX_GOSSIP_BYTES)
    throw new InvalidFrameError(`GossipFrame: ${bytes.byteLength} bytes, at most ${MAX_GOSSIP_BYTES} allowed`)
  return checked('GossipFrame', () => GossipFrame.decode(bytes, { limits: gossipLimits }), checkGossipFrame)
}

/** A body that only newer peers know has bytes at least. @throws InvalidFrameError */
export function withBody(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === 0) throw new InvalidFrameError('exactly one body expected, an empty frame came')
  return bytes
}

export function checked<Frame>(kind: string, decode: () => Frame, check: (frame: Frame) => void): Frame {
  try {
    const frame = decode()
    check(frame)
    return frame
  } catch (cause) {
    if (cause instanceof ShoalError) throw cause
    throw new InvalidFrameError(`${kind}: ${cause instanceof Error ? cause.message : String(cause)}`, {}, { cause })
  }
}
