/**
 * What one host grants strangers at most. Each bound is a memory or time bound: a peer that follows the protocol never
 * meets them, one that does not can't exceed them.
 */

/** Sessions kept at once; each holds KV, so the pool is usually the tighter bound. */
export const MAX_SESSIONS = 256
/** Of them, hops elsewhere that this peer stands by for. */
export const MAX_STANDBYS = 64
/** Opens waiting for KV at once; more are told to come back. */
export const MAX_KV_WAITERS = 64
/** Hops in one chain: twice the layers of no model in use, and the open names each with its addresses. */
export const MAX_HOPS = 128
/** Steps a sender may have unacknowledged. */
export const MAX_WINDOW = 64
/** Shortest and longest lease: below a second beats dominate the traffic, above two minutes dead sessions hog KV. */
export const MIN_LEASE_MS = 1_000
export const MAX_LEASE_MS = 120_000
/** Longest an open may queue for KV at one hop. */
export const MAX_WAIT_MS = 30_000
/** How far the driver's clock may be from ours. Strangers' clocks are minutes off, rarely more. */
export const MAX_CLOCK_SKEW_MS = 10 * 60_000
/** Epochs of ended sessions remembered; one is forgotten when its open would be refused for its age anyway. */
export const MAX_TOMBSTONES = 8_192
/** A channel that opens nothing within this is reset. */
export const FIRST_FRAME_MS = 10_000
/** Finding and dialling the next hop; WebRTC's signalling over a relay takes seconds. */
export const DIAL_MS = 15_000
/** What a hop allows for each hop after it to answer an open, beyond the wait for KV it was granted. */
export const OPEN_MARGIN_MS = DIAL_MS + 5_000
/** Bytes of outputs kept per session for re-sending; the newest is kept whatever its size. */
export const KEPT_BYTES = 8 * 1024 * 1024
/**
 * Bytes of outputs logged over all sessions, for replay when a next hop is lost: at a width of 4096 in f16, 32k tokens.
 * Little beside the KV of as many in one span's layers.
 */
export const LOG_BYTES = 256 * 1024 * 1024
/**
 * KV sent to a standby and not acknowledged: what may be ahead of a step's output on the same uplink, 0.2 s at 10 Mbit/s.
 * One part is always let through.
 */
export const STANDBY_AHEAD_BYTES = 256 * 1024
/** KV in one frame to a standby, or one position's where that is more. */
export const STANDBY_PART_BYTES = 128 * 1024
/** Rows of logits one step may ask for: a verified draft is no longer. */
export const MAX_HEAD_ROWS = 64
/** When a hop is asked again after refusing for want of KV. */
export const BUSY_RETRY_MS = 1_000
