/**
 * The values the swarm is planned from: what peers announce and the table of what is live. Planners are functions of
 * these and of a given time, so that tests and the simulator run the very code that routes requests.
 */
import type { Span } from '../model/types.ts'

/** A peer serving, or still loading, one span of one model. */
export interface SpanOffer {
  /** Manifest digest, lower-case hex. */
  model: string
  layers: number
  span: Span
  /** Loading offers count for placement, so that two newcomers don't fill the same hole, and never for routing. */
  state: 'loading' | 'serving'
  numerics: string
  /** Tokens a second through one layer, measured on this peer. */
  prefillRate: number
  decodeRate: number
  freeKvTokens: number
  /** Expected wait before a new step runs. */
  queueMs: number
  /** Sessions it keeps; absent: it does not say. */
  sessions?: number
  /** It takes other layers when the swarm lacks them more. Absent: it stays. */
  movable?: boolean
  /** It takes another model when that is wanted more. Absent: it stays with this one. */
  roams?: boolean
  /** It is about to give this span up for the one that it offers as loading. Counts for placement no more. */
  leaving?: boolean
  /** Sessions it was asked to take within about a minute, refused ones too. */
  demand?: number
  /** It takes and sends hidden states in int8 blocks. Absent: it does not. */
  int8?: boolean
}

/** What a peer says of itself; signed by its key, leased on the receiver's clock. */
export interface Announcement {
  peer: string
  /** Grows with every announcement of the peer: an older one never replaces a newer. */
  sequence: number
  addresses: string[]
  agent: 'tab' | 'node'
  /** Adapter as a person would name it, for the swarm page. */
  adapter: string
  /** What the peer takes while it computes, as it states itself or its kind usually does. */
  watts?: number
  offers: SpanOffer[]
}

export interface DirectoryEntry {
  announcement: Announcement
  /** Since a directory node last heard from the peer. */
  ageMs: number
}

/** A snapshot of live announcements, as a driver or a newcomer got it from its directory nodes. */
export interface Directory {
  entries: readonly DirectoryEntry[]
}

export interface RouteHop {
  peer: string
  addresses: string[]
  /** The part of the peer's span this route uses. */
  span: Span
  numerics: string
  /** It takes and sends hidden states in int8 blocks. */
  int8?: boolean
  /** What its announcement promises for one decoded token through this part, milliseconds. */
  promisedMs: number
  /** The same for one token of a full prefill batch. */
  promisedBatchedMs: number
  /** Another holder of the same span that keeps this hop's KV, to take its place. */
  standby?: StandbyHop | undefined
}

export interface StandbyHop {
  peer: string
  addresses: string[]
}

export interface Route {
  hops: RouteHop[]
  /** Estimated milliseconds for one decoded token, and for one prefilled token. */
  decodeMs: number
  prefillMs: number
}
