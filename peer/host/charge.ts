import { errorFromCode, type ShoalError } from '../errors.ts'

/** The same error, charged to a peer unless it already is. */
export function withPeer(error: ShoalError, peer: string): ShoalError {
  return errorFromCode(error.code, error.message, { peer, ...error.details })
}
