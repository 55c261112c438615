/** How long a driver hopes and waits, and how much it sends and reserves at a time. */
import type { Encoding } from '../wire/frames.pb.js'

export interface DriverLimits {
  /** Without progress for this long a first chain is given up. */
  openMs: number
  /** Without a chain for this long a lost one is given up, when the request has no deadline. */
  recoverMs: number
  /** And without an answer for this long, though chains open: it may be the request that breaks them. */
  longestRecoverMs: number
  leaseMs: number
  /** How long each hop may queue an open for KV. */
  waitMs: number
  /** Steps in flight to the first hop. */
  window: number
  /** Bytes of one prefill chunk's hidden states between hops: more would hold up other sessions' decode behind it. */
  chunkBytes: number
  /** Tokens of a prefill chunk. Default: by what the hops take for a run, see chunk-size.ts. */
  chunkTokens?: number
  /** KV positions reserved beyond those there are; an answer that outgrows them reserves as many more. */
  reserveAhead: number
  /** Without progress for this long a chain counts as lost, though every hop answers: longer than any step takes. */
  stallMs: number
  /** Of hidden states between hops; INT8 where all of them take it. */
  encoding: Encoding
}

export const DEFAULT_LIMITS: DriverLimits = {
  openMs: 15_000,
  recoverMs: 60_000,
  longestRecoverMs: 5 * 60_000,
  leaseMs: 15_000,
  waitMs: 5_000,
  // Chunks of a prompt under way over links of 80 ms each way and hops that take 10 ms for one.
  window: 16,
  chunkBytes: 128 * 1024,
  // Most answers are shorter; growing costs the chain a round trip.
  reserveAhead: 512,
  stallMs: 60_000,
  encoding: 'AUTO' as Encoding
}
