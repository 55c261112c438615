/** How often somebody may do something: a burst at once and then a steady pace. A value, with time from the caller. */

export interface Pace {
  /** What may be spent at once. */
  burst: number
  perSecond: number
}

export interface Allowance {
  left: number
  /** When `left` was counted, milliseconds. */
  countedAt: number
}

export function freshAllowance(pace: Pace, now: number): Allowance {
  return { left: pace.burst, countedAt: now }
}

/** What is left after spending `cost`, or undefined when there is not that much. */
export function spend(allowance: Allowance, cost: number, now: number, pace: Pace): Allowance | undefined {
  const earned = (Math.max(0, now - allowance.countedAt) / 1_000) * pace.perSecond
  const left = Math.min(pace.burst, allowance.left + earned) - cost
  return left < 0 ? undefined : { left, countedAt: now }
}
