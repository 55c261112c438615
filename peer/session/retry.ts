/**
 * What a driver makes of an error that ended a chain, or kept one from opening: whether another try makes sense, when, and
 * without whom. Functions of values.
 */
import {
  BusyError,
  ContextLengthError,
  InvalidRequestError,
  PeerLeavingError,
  type ShoalError,
  UnsupportedModelError
} from '../errors.ts'

/** Between two tries at a chain; doubled each time up to the second. */
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 2_000
/** How long a peer that leaves is no choice: by then its announcement is gone as well. */
const LEAVING_MS = 15_000

/** Whether another chain may do better: what is wrong with the request itself stays wrong. */
export function isRecoverable(error: ShoalError): boolean {
  return !(error instanceof InvalidRequestError || error instanceof ContextLengthError || error instanceof UnsupportedModelError)
}

/** Before the try that follows so many others. */
export function retryMs(error: ShoalError, attempt: number): number {
  const backoff = Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS)
  // Another peer may have room at once, and where there is none its line is where to wait.
  if (error instanceof BusyError && error.details.peer !== undefined) return backoff
  return Math.max(backoff, error.details.retryAfterMs ?? 0)
}

/** For how long the error's peer is no choice though it is not at fault; undefined: it is. */
export function avoidedMs(error: ShoalError): number | undefined {
  if (error instanceof BusyError) return error.details.retryAfterMs ?? FIRST_RETRY_MS
  return error instanceof PeerLeavingError ? LEAVING_MS : undefined
}
