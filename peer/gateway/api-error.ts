/**
 * From Shoal's errors to OpenAI's error object and an HTTP status: where errors leave the gateway.
 */
import {
  BusyError,
  CloudError,
  ContextLengthError,
  DeadlineError,
  InvalidFrameError,
  InvalidRequestError,
  NonFiniteError,
  NoRouteError,
  PeerLeavingError,
  PeerLostError,
  type ShoalError,
  toShoalError
} from '../errors.ts'
import type { Overstepped } from './key-usage.ts'
import { DEFAULT_RETRY_AFTER_MS } from './limits.ts'

export interface ApiError {
  status: number
  /** Seconds, for the header of the same name. */
  retryAfter?: number
  body: { error: { message: string; type: string; param: string | null; code: string | null } }
}

/** The request names a model this gateway does not serve. */
export function modelNotFound(name: string): ApiError {
  return build(
    404,
    'invalid_request_error',
    `The model '${name}' is not served here; GET /v1/models lists those that are`,
    'model',
    'model_not_found'
  )
}

/** No key, or none that is known here: the two are told apart, but not why a key is wrong. */
export function invalidKey(shown: boolean): ApiError {
  const message = shown
    ? 'Incorrect API key provided'
    : 'No API key provided: send it as Authorization: Bearer KEY, which clients of OpenAI do with their apiKey'
  return build(401, 'invalid_request_error', message, null, 'invalid_api_key')
}

export function operatorsOnly(): ApiError {
  const message = 'This key may ask for answers; what the gateway does for all is told to keys of its operator'
  return build(403, 'invalid_request_error', message, null, 'operator_key_required')
}

export function overLimit({ limit, allowed, retryAfterMs }: Overstepped): ApiError {
  return {
    ...build(429, 'rate_limit_error', `Rate limit of this key reached: ${allowed} ${limit}`, null, 'rate_limit_exceeded'),
    retryAfter: Math.max(1, Math.ceil(retryAfterMs / 1_000))
  }
}

/** A page that the operator did not name; browsers say where it came from. */
export function foreignOrigin(origin: string): ApiError {
  const message = `Pages of ${origin.slice(0, 256)} may not use this gateway: its operator names those that may with --cors`
  return build(403, 'invalid_request_error', message, null, 'origin_not_allowed')
}

export function toApiError(thrown: unknown): ApiError {
  const error = toShoalError(thrown)
  const { message } = error
  if (error instanceof InvalidRequestError) return build(400, 'invalid_request_error', message, error.details.param ?? null, null)
  if (error instanceof ContextLengthError)
    return build(400, 'invalid_request_error', message, error.details.param ?? null, 'context_length_exceeded')
  if (error instanceof BusyError)
    return { ...build(429, 'rate_limit_error', message, null, 'busy'), retryAfter: retryAfter(error) }
  if (error instanceof NoRouteError || error instanceof PeerLostError || error instanceof PeerLeavingError)
    return { ...build(503, 'server_error', message, null, error.code.toLowerCase()), retryAfter: retryAfter(error) }
  if ((error instanceof NonFiniteError || error instanceof InvalidFrameError) && error.details.peer !== undefined) {
    const words = `Peer ${error.details.peer} sent what cannot be right, and nobody else holds its layers: ${message}`
    return { ...build(503, 'server_error', words, null, error.code.toLowerCase()), retryAfter: retryAfter(error) }
  }
  if (error instanceof DeadlineError) return build(504, 'server_error', message, null, 'deadline')
  if (error instanceof CloudError) return build(502, 'server_error', message, null, 'cloud_failed')
  // Anything else is for the operator, who finds it in the log.
  return build(
    500,
    'server_error',
    'The answer failed inside the swarm; the log of the gateway says why',
    null,
    error.code.toLowerCase()
  )
}

/** An error that fastify itself found, such as a body that is no JSON or too large. */
export function fromHttpError(status: number, message: string): ApiError {
  return build(status, status < 500 ? 'invalid_request_error' : 'server_error', message, null, null)
}

function build(status: number, type: string, message: string, param: string | null, code: string | null): ApiError {
  return { status, body: { error: { message, type, param, code } } }
}

function retryAfter(error: ShoalError): number {
  return Math.max(1, Math.ceil((error.details.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS) / 1000))
}
