/**
 * What each key has used of its limits: requests and tokens by the minute, tokens by the day, answers under way. What a day
 * has taken outlives the process.
 */
import { InvalidFileError } from '../errors.ts'
import { KEY_ID, type StoredKey } from './api-keys.ts'
import { MAX_KEYS } from './limits.ts'
import { PARTS, type SavedUsage, UsageWindow } from './usage-window.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** When somebody with all answers taken asks again: about the time a short one takes. */
const CONCURRENT_RETRY_MS = 2_000

export type KeyLimit = 'requests a minute' | 'tokens a minute' | 'tokens a day' | 'answers at once'

export interface Overstepped {
  limit: KeyLimit
  allowed: number
  retryAfterMs: number
}

/** What is left of one limit, for the headers that OpenAI's clients read. */
export interface Remaining {
  limit: number
  remaining: number
  /** Until nothing of it is used. */
  resetMs: number
}

interface Use {
  requests: UsageWindow
  minuteTokens: UsageWindow
  dayTokens: UsageWindow
  answering: number
}

export class KeyUsage {
  /** By id. Those of keys that were taken away go when more than there may be keys are known. */
  readonly #uses = new Map<string, Use>()
  #changes = 0

  /** Grows with each change of what `save` would give. */
  get changes(): number {
    return this.#changes
  }

  /** Counts a request in, or says which limit it oversteps. Every one counted in is to be ended. */
  begin(key: StoredKey, now: number): Overstepped | undefined {
    const use = this.#of(key.id)
    if (key.concurrent !== undefined && use.answering >= key.concurrent)
      return { limit: 'answers at once', allowed: key.concurrent, retryAfterMs: CONCURRENT_RETRY_MS }
    // Of several that are overstepped, the one that keeps the client waiting longest.
    const [worst] = [
      overstepped('requests a minute', key.requestsPerMinute, use.requests, now),
      overstepped('tokens a minute', key.tokensPerMinute, use.minuteTokens, now),
      overstepped('tokens a day', key.tokensPerDay, use.dayTokens, now)
    ]
      .filter(found => found !== undefined)
      .sort((a, b) => b.retryAfterMs - a.retryAfterMs)
    if (worst !== undefined) return worst
    use.requests.add(1, now)
    use.answering++
    return undefined
  }

  /** Counts tokens when they are read or answered, so that answers under way count too. */
  take(key: StoredKey, tokens: number, now: number): void {
    const use = this.#of(key.id)
    use.minuteTokens.add(tokens, now)
    use.dayTokens.add(tokens, now)
    this.#changes++
  }

  end(key: StoredKey): void {
    const use = this.#of(key.id)
    use.answering = Math.max(0, use.answering - 1)
  }

  remaining(key: StoredKey, now: number): { requests: Remaining | undefined; tokens: Remaining | undefined } {
    const use = this.#of(key.id)
    return {
      requests: remaining(key.requestsPerMinute, use.requests, now),
      tokens: remaining(key.tokensPerMinute, use.minuteTokens, now)
    }
  }

  /** Days' tokens by key, as JSON; a minute is nearly over before a process is back. */
  save(now: number): string {
    const days = [...this.#uses].map(([id, { dayTokens }]) => [id, dayTokens.save(now)] as const)
    return JSON.stringify(Object.fromEntries(days.filter(([, saved]) => saved.length > 0)))
  }

  /** Takes over what the text holds, all or nothing. @throws InvalidFileError */
  restore(text: string): void {
    const days = readDays(text)
    for (const [id, day] of days) this.#uses.set(id, freshUse(day))
  }

  #of(id: string): Use {
    let use = this.#uses.get(id)
    if (use === undefined) {
      if (this.#uses.size >= MAX_KEYS) this.#forgetOldest()
      use = freshUse()
      this.#uses.set(id, use)
    }
    return use
  }

  #forgetOldest(): void {
    for (const [id, { answering }] of this.#uses)
      if (answering === 0) {
        this.#uses.delete(id)
        return
      }
  }
}

function freshUse(day?: SavedUsage): Use {
  return {
    requests: new UsageWindow(MINUTE_MS),
    minuteTokens: new UsageWindow(MINUTE_MS),
    dayTokens: new UsageWindow(DAY_MS, day),
    answering: 0
  }
}

function overstepped(limit: KeyLimit, allowed: number | undefined, window: UsageWindow, now: number): Overstepped | undefined {
  if (allowed === undefined) return undefined
  // There is room for one more of whatever is counted.
  const retryAfterMs = window.waitMs(allowed - 1, now)
  return retryAfterMs === 0 ? undefined : { limit, allowed, retryAfterMs }
}

function remaining(limit: number | undefined, window: UsageWindow, now: number): Remaining | undefined {
  if (limit === undefined) return undefined
  return { limit, remaining: Math.max(0, limit - window.used(now)), resetMs: window.waitMs(0, now) }
}

function readDays(text: string): [id: string, day: SavedUsage][] {
  let saved: unknown
  try {
    saved = JSON.parse(text)
  } catch (cause) {
    throw new InvalidFileError('the saved usage is no JSON', {}, { cause })
  }
  const days = typeof saved === 'object' && saved !== null ? Object.entries(saved) : []
  if (days.length > MAX_KEYS) throw new InvalidFileError(`usage of ${days.length} keys, at most ${MAX_KEYS} expected`)
  for (const [id, day] of days)
    if (!KEY_ID.test(id) || !isUsage(day)) throw new InvalidFileError(`the usage of key ${id.slice(0, 20)} can't be read`)
  return days
}

function isUsage(day: unknown): day is SavedUsage {
  if (!Array.isArray(day) || day.length > PARTS + 1) return false
  return day.every((pair: unknown, index) => {
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(value => Number.isSafeInteger(value) && value >= 0)) return false
    return index === 0 || pair[0] > day[index - 1][0]
  })
}
