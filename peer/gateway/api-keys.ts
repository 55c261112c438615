/**
 * The keys that clients of the gateway show: known by their hash alone, compared without telling by time how much of one
 * was right, each with its own pace. A key is `sk-shoal-ID-SECRET`: the id finds its entry, the secret opens it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { InvalidFileError } from '../errors.ts'
import { MAX_KEYS, MAX_NAME_LENGTH } from './limits.ts'

/** What is absent is not limited. */
export interface KeyLimits {
  requestsPerMinute?: number
  /** Of prompts and answers, counted as they come: an answer that oversteps goes on, the next request waits. */
  tokensPerMinute?: number
  tokensPerDay?: number
  /** Answers under way at once. */
  concurrent?: number
}

export interface StoredKey extends KeyLimits {
  id: string
  /** For people. */
  name: string
  /** SHA-256 of the secret, hex. Secrets are random and long, so that a slow hash would add nothing. */
  hash: string
  /** ISO 8601. */
  created: string
  /** Opens what tells of all clients, too. Absent: answers and models alone. */
  operator?: boolean
}

const SECRET_BYTES = 24
const ID_BYTES = 6
/** Of the bytes above. */
export const KEY_ID = /^[0-9a-f]{12}$/
const KEY = /^sk-shoal-([0-9a-f]{12})-([\w-]{32})$/

/** By their names in the file. */
const LIMITS: Readonly<Record<string, keyof KeyLimits>> = {
  requests_per_minute: 'requestsPerMinute',
  tokens_per_minute: 'tokensPerMinute',
  tokens_per_day: 'tokensPerDay',
  concurrent: 'concurrent'
}

/** The key is to be shown once: what is stored does not lead back to it. */
export function makeKey(
  name: string,
  rights: KeyLimits & Pick<StoredKey, 'operator'>,
  now: Date
): { key: string; stored: StoredKey } {
  const id = randomBytes(ID_BYTES).toString('hex')
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  return { key: `sk-shoal-${id}-${secret}`, stored: { id, name, hash: hashOf(secret), created: now.toISOString(), ...rights } }
}

/** Keys as requests ask for them. */
export class KeyRing {
  readonly #keys: Map<string, StoredKey>

  constructor(keys: readonly StoredKey[]) {
    this.#keys = new Map(keys.map(key => [key.id, key]))
  }

  find(key: string): StoredKey | undefined {
    const [, id = '', secret = ''] = KEY.exec(key) ?? []
    const stored = this.#keys.get(id)
    // As much work for an id that is not there, or a key that is none.
    const equal = timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(stored?.hash ?? '0'.repeat(64), 'hex'))
    return equal ? stored : undefined
  }
}

/** @throws InvalidFileError naming the entry at fault */
export function readKeys(text: string, where: string): StoredKey[] {
  const refuse = (what: string): never => {
    throw new InvalidFileError(`${where}: ${what}`)
  }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw new InvalidFileError(`${where}: not JSON`, {}, { cause })
  }
  const keys = typeof document === 'object' && document !== null && 'keys' in document ? document.keys : undefined
  if (!Array.isArray(keys)) return refuse('an object with a list of keys expected')
  if (keys.length > MAX_KEYS) return refuse(`${keys.length} keys, at most ${MAX_KEYS} allowed`)
  const ids = new Set<string>()
  return keys.map((entry: unknown, index): StoredKey => {
    const place = `keys[${index}]`
    if (typeof entry !== 'object' || entry === null) return refuse(`${place}: an object expected`)
    const { id, name, hash, created, operator, ...rest } = entry as Record<string, unknown>
    if (typeof id !== 'string' || !KEY_ID.test(id)) return refuse(`${place}.id: 12 hex digits expected`)
    if (ids.has(id)) return refuse(`${place}.id: ${id} is there twice`)
    ids.add(id)
    if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH)
      return refuse(`${place}.name: a text of at most ${MAX_NAME_LENGTH} characters expected`)
    if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return refuse(`${place}.hash: SHA-256 in hex expected`)
    if (typeof created !== 'string' || Number.isNaN(Date.parse(created))) return refuse(`${place}.created: a time expected`)
    if (operator !== undefined && operator !== true) return refuse(`${place}.operator: true expected, or nothing`)
    const limits: KeyLimits = {}
    for (const [field, value] of Object.entries(rest)) {
      const limit = Object.hasOwn(LIMITS, field) ? LIMITS[field] : undefined
      if (limit === undefined) return refuse(`${place}.${field}: no such setting`)
      if (!Number.isSafeInteger(value) || (value as number) < 1)
        return refuse(`${place}.${field}: a whole number above 0 expected`)
      limits[limit] = value as number
    }
    return { id, name, hash, created, ...(operator === undefined ? {} : { operator }), ...limits }
  })
}

export function writeKeys(keys: readonly StoredKey[]): string {
  const entries = keys.map(({ id, name, hash, created, operator, ...limits }) => {
    const named = Object.entries(LIMITS).map(([field, limit]) => [field, limits[limit]])
    const rights = operator === true ? { operator } : {}
    return { id, name, hash, created, ...rights, ...Object.fromEntries(named.filter(([, value]) => value !== undefined)) }
  })
  return `${JSON.stringify({ keys: entries }, null, 2)}\n`
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
