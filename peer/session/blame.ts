/**
 * Whom a driver holds to account for what went wrong: hops accuse one another by peer id, and what cannot be read is its
 * sender's own fault.
 */
import { errorFromCode, InvalidFrameError, type ShoalError } from '../errors.ts'
import type { Route } from '../swarm/types.ts'

/**
 * A failure as it came along the chain. Only its hops can be at fault: whoever passes on an accusation of anybody else
 * has it fall back on itself, or one hop could get any peer of the swarm banned.
 */
export function chargeWithin({ hops }: Route, error: ShoalError): ShoalError {
  const { peer } = error.details
  if (peer === undefined || hops.some(hop => hop.peer === peer)) return error
  return errorFromCode(error.code, error.message, { ...error.details, peer: hops[0]!.peer })
}

/** A frame that is none, charged to the peer at the other end of the stream unless it already names somebody. */
export function chargeSender(error: ShoalError, peer: string): ShoalError {
  if (!(error instanceof InvalidFrameError) || error.details.peer !== undefined) return error
  return new InvalidFrameError(error.message, { ...error.details, peer }, { cause: error })
}
