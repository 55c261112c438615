/**
 * What one host grants strangers at most. Each bound is a memory or time bound: a peer that follows the protocol never
 * meets them, one that does not can't exceed them.
 */
import { limit, valuesOf } from '../limit-table.ts'

export const hostLimits = {
  MAX_SESSIONS: limit(256, '', 'sessions kept at once; each holds KV, so the pool is usually the tighter bound'),
  MAX_SESSIONS_PER_DRIVER: limit(128, '', 'half of them, so that no one driver has them all; a gateway answers 64 at a time'),
  MAX_STANDBYS: limit(64, '', 'of these sessions, hops elsewhere that this peer stands by for'),
  MAX_KV_WAITERS: limit(64, '', 'opens waiting for KV at once; more are told to come back'),
  SHARE_WAIT_MS: limit(
    1_000,
    'ms',
    'how long a driver waits for KV below its share before one that holds more than its own makes room'
  ),
  MAX_HOPS: limit(128, '', 'hops in one chain: twice the layers of no model in use, and the open names each with its addresses'),
  MAX_WINDOW: limit(64, 'steps', 'steps a sender may have unacknowledged'),
  MIN_LEASE_MS: limit(1_000, 'ms', 'shortest lease: below it beats dominate the traffic'),
  MAX_LEASE_MS: limit(120_000, 'ms', 'longest lease: above it dead sessions hog KV'),
  MAX_WAIT_MS: limit(30_000, 'ms', 'longest an open may queue for KV at one hop'),
  MAX_CLOCK_SKEW_MS: limit(
    600_000,
    'ms',
    'how far a driver’s clock may be from ours: strangers’ clocks are minutes off, rarely more'
  ),
  MAX_TOMBSTONES: limit(
    8_192,
    '',
    'epochs of ended sessions remembered; one is forgotten when its open would be refused for its age anyway'
  ),
  FIRST_FRAME_MS: limit(10_000, 'ms', 'a channel that opens nothing within this is reset'),
  DIAL_MS: limit(15_000, 'ms', 'finding and dialling the next hop; WebRTC’s signalling over a relay takes seconds'),
  OPEN_MARGIN_MS: limit(
    20_000,
    'ms',
    'what a hop allows for each hop after it to answer an open, beyond its wait for KV: a dial and 5 s'
  ),
  KEPT_BYTES: limit(8 * 1024 * 1024, 'bytes', 'outputs kept per session for re-sending; the newest is kept whatever its size'),
  LOG_BYTES: limit(
    256 * 1024 * 1024,
    'bytes',
    'outputs logged over all sessions for replay when a next hop is lost: at a width of 4096 in f16, 32k tokens; little beside the KV of as many'
  ),
  STANDBY_AHEAD_BYTES: limit(
    256 * 1024,
    'bytes',
    'KV sent to a standby and not acknowledged: what may be ahead of a step’s output on the same uplink, 0.2 s at 10 Mbit/s; one part is always let through'
  ),
  STANDBY_PART_BYTES: limit(128 * 1024, 'bytes', 'KV in one frame to a standby, or one position’s where that is more'),
  MAX_HEAD_ROWS: limit(64, 'rows', 'rows of logits one step may ask for: a verified draft is no longer'),
  BUSY_RETRY_MS: limit(1_000, 'ms', 'when a hop is asked again after refusing for want of KV')
} as const

export const {
  MAX_SESSIONS,
  MAX_SESSIONS_PER_DRIVER,
  MAX_STANDBYS,
  MAX_KV_WAITERS,
  SHARE_WAIT_MS,
  MAX_HOPS,
  MAX_WINDOW,
  MIN_LEASE_MS,
  MAX_LEASE_MS,
  MAX_WAIT_MS,
  MAX_CLOCK_SKEW_MS,
  MAX_TOMBSTONES,
  FIRST_FRAME_MS,
  DIAL_MS,
  OPEN_MARGIN_MS,
  KEPT_BYTES,
  LOG_BYTES,
  STANDBY_AHEAD_BYTES,
  STANDBY_PART_BYTES,
  MAX_HEAD_ROWS,
  BUSY_RETRY_MS
} = valuesOf(hostLimits)
