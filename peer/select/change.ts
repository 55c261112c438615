/**
 * Tells when an arm is no longer what it was: two one-sided cumulative sums (Page 1954) of how far measured slack lies from
 * what the arm's record and the estimate led to expect. Chance cancels in them, a change adds up; and so samples may be
 * remembered for long and arms seldom explored while nothing changes. A value.
 */

export interface Drift {
  worse: number
  better: number
}

export const STEADY: Drift = { worse: 0, better: 0 }

/** Slack by which an answer may be off without a word: about what the noise of compute times makes of it (test/sim). */
const ALLOWED = 0.1

/** @param surprise measured slack less expected slack, −2 to 2 */
export function drifted({ worse, better }: Drift, surprise: number): Drift {
  return { worse: Math.max(0, worse - surprise - ALLOWED), better: Math.max(0, better + surprise - ALLOWED) }
}

/** @param threshold sum of surprises that is no chance any more */
export function hasChanged({ worse, better }: Drift, threshold: number): boolean {
  return Math.max(worse, better) > threshold
}
