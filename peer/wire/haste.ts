/** Which frames of a chain others wait for, and which can wait: decode overtakes prefill on a connection as it does at a hop. */
import type { Haste } from './channel.ts'
import type { ChainFrame, StandbyFrame } from './frames.pb.js'

/** Up to here a step counts as decode: a token and a drafted few, never a prefill chunk. */
export const DECODE_TOKENS = 8

export function isDecodeCount(count: number): boolean {
  return count <= DECODE_TOKENS
}

export function chainHaste({ step }: ChainFrame): Haste | undefined {
  if (step === undefined) return undefined
  if (isDecodeCount(step.count)) return 'urgent'
  // A chunk's token ids are few bytes.
  return step.hidden === undefined ? undefined : 'bulk'
}

export function standbyHaste({ part }: StandbyFrame): Haste | undefined {
  return part === undefined ? undefined : 'bulk'
}
