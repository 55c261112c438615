/**
 * The standby protocol, by which a hop's KV goes to the peer that stands by for it: its id, its largest frame, and what
 * protobuf can't say of a frame. Whether a part's bytes are those of its positions, the host of the span checks.
 */
import type { Protocol } from './channel.ts'
import { bounded, checkFailure, checkOpenFrame, MAX_STEP_TOKENS, numbered, onlyBody, place, refuse } from './check-frames.ts'
import { StandbyFrame } from './frames.pb.js'
import { standbyHaste } from './haste.ts'
import { checked, FRAMING_BYTES, withBody } from './protocols.ts'
import { hasUnknownBody } from './unknown-body.ts'

/** One position's KV of 32 layers with 16 KV heads of 256 in f32; parts of more positions are far smaller. */
export const MAX_PART_BYTES = 1024 * 1024

export const standbyProtocol: Protocol<StandbyFrame> = {
  id: '/shoal/standby/1.0.0',
  maxFrameBytes: MAX_PART_BYTES + FRAMING_BYTES,
  encode: frame => StandbyFrame.encode(frame),
  decode: bytes => checked('StandbyFrame', () => StandbyFrame.decode(withBody(bytes)), checkStandbyFrame),
  isUnknown: hasUnknownBody,
  haste: standbyHaste
}

/** @throws InvalidFrameError */
function checkStandbyFrame(frame: StandbyFrame): void {
  onlyBody('StandbyFrame', frame)
  const { open, part, beat, close, held, failure } = frame
  if (open !== undefined) checkOpenFrame(open)
  if (part !== undefined) {
    numbered('part', part)
    bounded('part.count', part.count, 0, MAX_STEP_TOKENS)
    bounded('part.data bytes', part.data.byteLength, part.count, part.count === 0 ? 0 : MAX_PART_BYTES)
    if (part.count > 0 && part.data.byteLength % part.count !== 0)
      refuse('part.data', `${part.data.byteLength} bytes`, `as many for each of ${part.count} positions expected`)
  }
  if (beat !== undefined) place('beat', beat)
  if (close !== undefined) place('close', close)
  if (held !== undefined) numbered('held', held, 0)
  if (failure !== undefined) checkFailure(failure)
}
