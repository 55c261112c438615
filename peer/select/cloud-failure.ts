/** What a cloud endpoint did wrong, as one of Shoal's errors: BusyError where it asks to be left alone, InvalidRequestError where it blames the request. */
import { APIConnectionError, APIError } from 'openai'
import { BusyError, CloudError, InvalidRequestError, ShoalError } from '../errors.ts'
import { readRetryAfter } from './retry-after.ts'

/** Of a stranger's words in our own message. */
const MAX_QUOTE = 200
/** A wrong key, or a model that is not there, stays so until somebody looks. */
const MISCONFIGURED_MS = 60_000
const RATE_LIMIT = /rate.?limit|overloaded|too many/i

/**
 * @param now milliseconds since 1970
 * @param key never part of a message, even when the endpoint quotes it
 */
export function cloudFailure(thrown: unknown, arm: string, key: string | undefined, now: number): ShoalError {
  if (thrown instanceof ShoalError) return thrown
  const cause = { cause: thrown }
  const quote = (value: unknown) => {
    const text = value instanceof Error ? value.message : String(value)
    return (key === undefined ? text : text.replaceAll(key, '…')).slice(0, MAX_QUOTE)
  }
  if (thrown instanceof APIConnectionError) return new CloudError(`${arm} can't be reached: ${quote(thrown.cause ?? thrown)}`)
  if (!(thrown instanceof APIError)) return new CloudError(`${arm} broke off: ${quote(thrown)}`, {}, cause)
  const { status, headers, code, type } = thrown
  const retryAfterMs = readRetryAfter(headers?.get('retry-after'), now)
  const details = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (status === 429 || (status === 503 && retryAfterMs !== undefined))
    return new BusyError(`${arm} has no room: ${quote(thrown)}`, details)
  if (status === undefined) {
    // An error object in the midst of a stream has no status.
    if (RATE_LIMIT.test(`${code} ${type}`)) return new BusyError(`${arm} has no room: ${quote(thrown)}`)
    return new CloudError(`${arm} broke off: ${quote(thrown)}`)
  }
  if ([400, 413, 422].includes(status)) return new InvalidRequestError(`${arm} refuses the request: ${quote(thrown)}`)
  if ([401, 403, 404].includes(status))
    return new CloudError(`${arm} is not set up: ${quote(thrown)}`, { retryAfterMs: MISCONFIGURED_MS })
  return new CloudError(`${arm} failed: ${quote(thrown)}`, details)
}
