/**
 * Errors as they cross between peers: a failure frame names the kind by its stable code and whom it is charged to.
 */
import {
  ContextLengthError,
  errorFromCode,
  InternalError,
  InvalidRequestError,
  type ShoalError,
  type ShoalErrorDetails
} from '../errors.ts'
import type { Failure } from './frames.pb.js'

/** Longest message sent to a stranger, in UTF-16 units. */
const MAX_MESSAGE = 500

/** Errors that blame the caller of the API, which no peer of a chain has to judge: from one of them they are its own fault. */
const CALLER_CODES: readonly string[] = [InvalidRequestError.code, ContextLengthError.code]

export function failureOf(session: Uint8Array<ArrayBuffer>, epoch: number, error: ShoalError): Failure {
  return {
    session,
    epoch,
    code: error.code,
    message: error.message.slice(0, MAX_MESSAGE),
    peer: error.details.peer ?? '',
    retryAfterMs: Math.round(error.details.retryAfterMs ?? 0),
    have: error.details.have ?? 0
  }
}

export function errorOf(failure: Failure): ShoalError {
  const details: ShoalErrorDetails = {}
  if (failure.peer !== '') details.peer = failure.peer
  if (failure.retryAfterMs > 0) details.retryAfterMs = failure.retryAfterMs
  if (failure.have > 0) details.have = failure.have
  if (CALLER_CODES.includes(failure.code)) return new InternalError(`${failure.code} from a peer: ${failure.message}`, details)
  return errorFromCode(failure.code, failure.message, details)
}
