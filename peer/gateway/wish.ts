/**
 * What a request says of where its answer may come from: OpenAI's fields know nothing of it, so a client that can't add
 * fields of its own says it in headers.
 */
import { EDGE_ONLY_HEADER } from '../select/cloud-request.ts'
import type { PlacementWish } from '../session/types.ts'
import { invalid, readBody, readBoolean, readString } from './fields.ts'
import { MAX_NAME_LENGTH } from './limits.ts'

/** Names the arm that answers, or the one asked so far where a stream has to begin before anything came. */
export const ARM_HEADER = 'x-shoal-arm'
const CLASS_HEADER = 'x-shoal-class'

export const wishFields = ['shoal_class', 'shoal_edge_only']

type Headers = Record<string, string | string[] | undefined>

/** Fields first, then headers; whichever keeps the text at the edge is heard. @throws InvalidRequestError */
export function readWish(value: unknown, headers: Headers, stream: boolean): PlacementWish {
  const body = readBody(value)
  const { shoal_class: told, user } = body
  const named =
    told === undefined || told === null ? oneOf(headers, CLASS_HEADER) : readString(body, 'shoal_class', MAX_NAME_LENGTH)
  return {
    stream,
    ...(named === undefined ? {} : { class: named }),
    ...(typeof user === 'string' ? { user } : {}),
    ...(readBoolean(body, 'shoal_edge_only') || toldTrue(headers) ? { edgeOnly: true } : {})
  }
}

/** Text that was meant to stay must not leave over a misspelt word. */
function toldTrue(headers: Headers): boolean {
  const told = oneOf(headers, EDGE_ONLY_HEADER)?.toLowerCase()
  if (told === undefined || told === 'false') return false
  if (told === 'true') return true
  throw invalid(EDGE_ONLY_HEADER, `'${EDGE_ONLY_HEADER}' must be true or false`)
}

function oneOf(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string' || value.length > MAX_NAME_LENGTH)
    throw invalid(name, `'${name}' must be one text of at most ${MAX_NAME_LENGTH} characters`)
  return value
}
