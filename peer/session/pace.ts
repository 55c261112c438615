/**
 * How long a session's hops and the ways between them take, as measured from its own answered steps; before that as the
 * hops' announcements promise. It decides when to ask what is the matter, never who is at fault.
 */
import type { Route, RouteHop } from '../swarm/types.ts'
import type { HopTiming } from '../wire/frames.pb.js'
import type { RunCost } from './chunk-size.ts'
import { MAX_DRAFTED } from './draft-length.ts'

/** Up on one observation, down over about five: a slow step may be followed by another. */
const FORGETTING = 0.3
/** Twice as long with each hop that was given up for its silence, or unreached, up to this, until steps are answered again. */
const MAX_PATIENCE = 16

/** Tokens of a step with a draft at most; a prefill's chunk is as small only where the prompt is. */
const FEW = 1 + MAX_DRAFTED

interface HopPace {
  /** Of one decoded token. */
  decodeMs: number | undefined
  /** Of one token among a few: a step with a draft. */
  fewMs: number | undefined
  /** Of one token among many, and of how many when it was seen last. */
  tokenMs: number | undefined
  among: number
}

export interface Expected {
  ms: number
  /** Seen, not only promised. */
  measured: boolean
}

export class Pace {
  /** By peer: as many as this session's chains have had hops. */
  readonly #hops = new Map<string, HopPace>()
  #wayMs: number | undefined
  #patience = 1
  #dialPatience = 1

  /** All links of the chain once round, and whatever holds up the event loops on the way; undefined before the first answer. */
  get wayMs(): number | undefined {
    return this.#wayMs
  }

  /** What to multiply the wait for a silent hop by: links may be slower than anything measured yet. */
  get patience(): number {
    return this.#patience
  }

  /** The same for the wait until a hop is reached. */
  get dialPatience(): number {
    return this.#dialPatience
  }

  /** A step of `count` tokens that every hop ran was answered `elapsedMs` after it was sent. */
  answered({ hops }: Route, count: number, timings: readonly HopTiming[], elapsedMs: number): void {
    let hopsMs = 0
    for (const [at, { queueUs, computeUs }] of timings.entries()) {
      const { peer } = hops[at]!
      const ms = computeUs / 1000
      hopsMs += ms + queueUs / 1000
      const pace = this.#hops.get(peer) ?? { decodeMs: undefined, fewMs: undefined, tokenMs: undefined, among: 0 }
      if (count === 1) pace.decodeMs = follow(pace.decodeMs, ms)
      else if (count <= FEW) pace.fewMs = follow(pace.fewMs, ms / count)
      else {
        pace.tokenMs = follow(pace.tokenMs, ms / count)
        pace.among = count
      }
      this.#hops.set(peer, pace)
    }
    this.#wayMs = follow(this.#wayMs, Math.max(0, elapsedMs - hopsMs))
    this.#patience = Math.max(1, this.#patience / 2)
    this.#dialPatience = Math.max(1, this.#dialPatience / 2)
  }

  /** A hop was given up for its silence, rightly or not. */
  silenced(): void {
    this.#patience = Math.min(MAX_PATIENCE, this.#patience * 2)
  }

  /** A hop was given up since the one before it took too long to reach it. */
  unreached(): void {
    this.#dialPatience = Math.min(MAX_PATIENCE, this.#dialPatience * 2)
  }

  /**
   * What a run takes at the hop, and each of its tokens. Promised is a line through one token and a full batch; what was
   * measured, on a GPU that others may use as well, raises or lowers all of it.
   */
  cost({ peer, promisedMs, promisedBatchedMs }: RouteHop): RunCost {
    const { tokenMs, among } = this.#hops.get(peer) ?? { tokenMs: undefined, among: 0 }
    const fixedMs = Math.max(0, promisedMs - promisedBatchedMs)
    const promised = fixedMs + among * promisedBatchedMs
    const slower = tokenMs === undefined || promised === 0 ? 1 : (among * tokenMs) / promised
    return { fixedMs: slower * fixedMs, tokenMs: slower * promisedBatchedMs }
  }

  /** A run of `tokens` at the hop. */
  run({ peer, promisedMs }: RouteHop, tokens: number): Expected {
    const { decodeMs, fewMs, tokenMs } = this.#hops.get(peer) ?? {}
    if (tokens <= 1) return { ms: decodeMs ?? promisedMs, measured: decodeMs !== undefined }
    // A token among several takes no longer than one by itself.
    if (tokens <= FEW) return { ms: tokens * (fewMs ?? decodeMs ?? promisedMs), measured: fewMs !== undefined }
    const each = tokenMs ?? decodeMs ?? promisedMs
    return { ms: tokens * each, measured: tokenMs !== undefined }
  }
}

function follow(before: number | undefined, ms: number): number {
  return before === undefined ? ms : Math.max(ms, before + FORGETTING * (ms - before))
}
