/**
 * Reads fields of a request body, each checked where it is read: a wrong one is an InvalidRequestError that names it, as
 * OpenAI's error object does. `null` counts as absent, as it does there.
 */
import { InvalidRequestError } from '../errors.ts'

export type Body = Record<string, unknown>

export function invalid(param: string, message: string): InvalidRequestError {
  return new InvalidRequestError(message, { param })
}

export function readBody(value: unknown): Body {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidRequestError('The request body must be a JSON object')
  return value as Body
}

export function readNumber(
  body: Body,
  name: string,
  bounds: { min: number; max: number; integer?: boolean }
): number | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  const { min, max, integer = false } = bounds
  const kind = integer ? 'an integer' : 'a number'
  if (typeof value !== 'number' || !Number.isFinite(value) || (integer && !Number.isSafeInteger(value)))
    throw invalid(name, `'${name}' must be ${kind}`)
  if (value < min || value > max) throw invalid(name, `'${name}' must be ${kind} from ${min} to ${max}, not ${value}`)
  return value
}

export function readBoolean(body: Body, name: string): boolean {
  const value = body[name] ?? false
  if (typeof value !== 'boolean') throw invalid(name, `'${name}' must be true or false`)
  return value
}

export function readString(body: Body, name: string, maxLength: number): string {
  const value = body[name]
  if (typeof value !== 'string' || value === '') throw invalid(name, `'${name}' must be a non-empty string`)
  if (value.length > maxLength) throw invalid(name, `'${name}' is longer than ${maxLength} characters`)
  return value
}

/** Refuses fields that Shoal does not know: a setting that is silently ignored is a wrong answer. */
export function refuseUnknown(body: Body, known: ReadonlySet<string>): void {
  const unknown = Object.keys(body).find(name => !known.has(name))
  if (unknown !== undefined) throw invalid(unknown, `Unrecognized request argument supplied: ${unknown.slice(0, 64)}`)
}

/** Refuses any value of a field but those that ask for nothing. */
export function refuseUnless(body: Body, name: string, asksNothing: (value: unknown) => boolean, what: string): void {
  const value = body[name]
  if (value !== undefined && value !== null && !asksNothing(value)) throw invalid(name, `${what} not supported`)
}
