/** What an endpoint lets through in a minute, as a bucket that refills evenly: of constant size, whatever passes. A value. */

export interface Bucket {
  perMinute: number
  level: number
  at: number
}

const MINUTE_MS = 60_000

/** Starts full. */
export function openBucket(perMinute: number, now: number): Bucket {
  return { perMinute, level: perMinute, at: now }
}

/** When so much may pass; `now` or earlier when it may already. More than a minute's worth passes when the bucket is full. */
export function readyAt(bucket: Bucket, amount: number, now: number): number {
  const missing = Math.min(amount, bucket.perMinute) - filled(bucket, now).level
  return missing <= 0 ? now : now + (missing / bucket.perMinute) * MINUTE_MS
}

/** The level may fall below nothing: what has been sent counts, whether or not it was let through. */
export function taken(bucket: Bucket, amount: number, now: number): Bucket {
  const current = filled(bucket, now)
  return { ...current, level: current.level - amount }
}

function filled(bucket: Bucket, now: number): Bucket {
  const passed = Math.max(0, now - bucket.at)
  if (!Number.isFinite(bucket.perMinute)) return bucket
  const level = Math.min(bucket.perMinute, bucket.level + (passed / MINUTE_MS) * bucket.perMinute)
  return { ...bucket, level, at: Math.max(now, bucket.at) }
}
