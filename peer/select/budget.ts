/**
 * A hard budget kept by reservation: a request sets aside the most it can cost before it is sent and settles what it did
 * cost, so that requests in parallel never pass the limit together. A value, with time from the caller.
 */

/** As an operator sets it. */
export interface Budget {
  /** In the currency of the prices, whatever it is. */
  limit: number
  periodMs: number
}

export interface Ledger {
  /** In the currency of the prices; infinite for none. */
  limit: number
  /** After how many milliseconds spending starts anew; infinite for never. */
  periodMs: number
  periodStart: number
  spent: number
  /** By the leg's name: a request that falls back to another arm has two, and both are paid. */
  reserved: ReadonlyMap<string, number>
  /** Legs that cost more than they had reserved: an arm's price or count was not what it claimed. */
  overruns: number
}

export function openLedger(limit: number, now: number, periodMs = Number.POSITIVE_INFINITY): Ledger {
  return { limit, periodMs, periodStart: now, spent: 0, reserved: new Map(), overruns: 0 }
}

/** What is spent or spoken for. */
export function committed(ledger: Ledger): number {
  let sum = ledger.spent
  for (const amount of ledger.reserved.values()) sum += amount
  return sum
}

/** What can still be reserved. */
export function moneyLeft(ledger: Ledger, now: number): number {
  return ledger.limit - committed(turned(ledger, now))
}

export function canReserve(ledger: Ledger, amount: number, now: number): boolean {
  if (!(Number.isFinite(amount) && amount >= 0)) return false
  return amount === 0 || committed(turned(ledger, now)) + amount <= ledger.limit
}

/** The ledger with the leg's amount set aside; undefined when that would pass the limit or the leg has one already. */
export function reserve(ledger: Ledger, leg: string, amount: number, now: number): Ledger | undefined {
  if (ledger.reserved.has(leg) || !canReserve(ledger, amount, now)) return undefined
  const current = turned(ledger, now)
  return { ...current, reserved: new Map(current.reserved).set(leg, amount) }
}

/**
 * The leg is over and cost `actual`. What cannot be known (a stream without usage, a client that left, an upstream that
 * failed half-way) is not a number, and then the whole reservation counts as spent. An unknown leg changes nothing: no leg is paid twice.
 */
export function settle(ledger: Ledger, leg: string, actual: number, now: number): Ledger {
  const amount = ledger.reserved.get(leg)
  if (amount === undefined) return ledger
  const current = turned(ledger, now)
  const reserved = new Map(current.reserved)
  reserved.delete(leg)
  const paid = Number.isFinite(actual) && actual >= 0 ? actual : amount
  return { ...current, reserved, spent: current.spent + paid, overruns: current.overruns + (paid > amount ? 1 : 0) }
}

/** In a new period nothing is spent yet; reservations stay, and are paid in the period they end in. A clock that goes back turns nothing. */
function turned(ledger: Ledger, now: number): Ledger {
  const periods = Math.floor((now - ledger.periodStart) / ledger.periodMs)
  if (!(periods >= 1)) return ledger
  return { ...ledger, spent: 0, periodStart: ledger.periodStart + periods * ledger.periodMs }
}
