/**
 * The line for KV: opens that find no room wait here for a limited time and in limited number, and are served as sessions
 * end. Sessions that grow come first, since they end sooner so; then those of the driver that holds least here, and last those
 * that nobody reads along with. Where a driver holds more than its share while another waits for its own, a session of it is
 * sent elsewhere.
 */
import type { SequenceId, SpanEngine } from '../engine/engine.ts'
import { BusyError, type ShoalError, toShoalError } from '../errors.ts'
import type { Clock } from '../wire/clock.ts'
import { KvTurnover } from './kv-turnover.ts'
import { MAX_KV_WAITERS, SHARE_WAIT_MS } from './limits.ts'

export interface KvClaim {
  driver: string
  /** KV that the session holds and wants more than; undefined: it has none. */
  held?: SequenceId | undefined
  tokens: number
  waitMs: number
  /** Nobody reads along: behind all whom somebody does. */
  background?: boolean
}

export interface KvRoomEvents {
  /** Frees some KV that is held for want of a better use, or tells that there is none. */
  yieldOne: () => Promise<boolean>
  /** Sends one session of the driver elsewhere. */
  preempt: (driver: string) => Promise<void>
}

interface Waiter extends KvClaim {
  give: (sequence: SequenceId) => void
  refuse: (reason: ShoalError) => void
}

interface Holding {
  driver: string
  tokens: number
}

const NO_EVENTS: KvRoomEvents = { yieldOne: async () => false, preempt: async () => {} }

export class KvRoom {
  readonly #engine: SpanEngine
  readonly #clock: Clock
  readonly #events: KvRoomEvents
  readonly #turnover: KvTurnover
  readonly #waiters: Waiter[] = []
  readonly #holdings = new Map<SequenceId, Holding>()
  #serving = false

  constructor(engine: SpanEngine, clock: Clock, events: KvRoomEvents = NO_EVENTS) {
    this.#engine = engine
    this.#clock = clock
    this.#events = events
    this.#turnover = new KvTurnover(clock)
  }

  /**
   * KV for the claim's positions, waiting up to `waitMs` for others to leave; where some is held it grows and stays the same.
   * @throws BusyError after that, at once when it could never fit or the line is full; the signal's reason when it aborts
   */
  async take(claim: KvClaim, signal: AbortSignal): Promise<SequenceId> {
    signal.throwIfAborted()
    const { tokens, waitMs } = claim
    const { tokensPerBlock, totalBlocks } = this.#engine.kv()
    if (Math.ceil(tokens / tokensPerBlock) > totalBlocks) {
      throw new BusyError(`${tokens} positions exceed this peer's KV of ${totalBlocks * tokensPerBlock}`, {
        retryAfterMs: 60_000
      })
    }
    if (this.#waiters.length >= MAX_KV_WAITERS) throw this.#busy('the line for KV is full', tokens)
    return new Promise((resolve, reject) => {
      let forgetShare = () => {}
      const settle = () => {
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
        forget()
        forgetShare()
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        ...claim,
        give: sequence => {
          settle()
          resolve(sequence)
        },
        refuse: reason => {
          settle()
          reject(reason)
        }
      }
      const tooLong = () => waiter.refuse(this.#busy(`no KV for ${tokens} positions`, tokens, waiter))
      const onAbort = () => waiter.refuse(toShoalError(signal.reason))
      // Even an open that won't wait may be first in line, so it gets one turn before it is refused.
      const forget = waitMs > 0 ? this.#clock.after(waitMs, tooLong) : () => {}
      const claimShare = () => {
        forgetShare = this.#clock.after(SHARE_WAIT_MS, claimShare)
        void this.#claimShare(waiter)
      }
      forgetShare = this.#clock.after(SHARE_WAIT_MS, claimShare)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiters.push(waiter)
      void this.#serve().then(() => {
        if (waitMs <= 0 && this.#waiters.includes(waiter)) tooLong()
      })
    })
  }

  /** KV that nobody waits for, at once or not at all. @throws BusyError */
  async takeSpare(tokens: number, held?: SequenceId): Promise<SequenceId> {
    if (this.#waiters.length > 0) throw this.#busy('others wait for KV', tokens)
    return this.#allot(tokens, held)
  }

  /** Gives KV back and serves whoever waits for it. Never rejects: a lost engine has nothing left to free. */
  async give(sequence: SequenceId): Promise<void> {
    await this.#engine.release(sequence).catch(() => {})
    this.#turnover.gave(this.#holdings.get(sequence)?.tokens ?? 0)
    this.#holdings.delete(sequence)
    await this.#serve()
  }

  async #allot(tokens: number, held: SequenceId | undefined): Promise<SequenceId> {
    if (held === undefined) return this.#engine.reserve(tokens)
    await this.#engine.extend(held, tokens)
    return held
  }

  async #reserve({ tokens, held }: Waiter): Promise<SequenceId> {
    for (;;) {
      try {
        return await this.#allot(tokens, held)
      } catch (thrown) {
        if (!(thrown instanceof BusyError) || !(await this.#events.yieldOne())) throw thrown
      }
    }
  }

  async #serve(): Promise<void> {
    if (this.#serving) return
    this.#serving = true
    let first: Waiter | undefined
    try {
      for (first = this.#first(); first !== undefined; first = this.#first()) {
        const sequence = await this.#reserve(first)
        // It may have left the line while the engine answered; what it held already it gives back itself.
        if (this.#waiters.includes(first)) {
          this.#holdings.set(sequence, { driver: first.driver, tokens: first.tokens })
          first.give(sequence)
        } else if (first.held === undefined) await this.#engine.release(sequence)
      }
    } catch (thrown) {
      // No room: the line stands until somebody leaves or its time is up. Anything else refuses the first in line.
      if (!(thrown instanceof BusyError)) first?.refuse(toShoalError(thrown))
    } finally {
      this.#serving = false
    }
  }

  #first(): Waiter | undefined {
    const { tokensPerBlock, totalBlocks } = this.#engine.kv()
    const place = ({ held, driver, background }: Waiter) =>
      held === undefined ? this.#heldBy(driver) + (background ? tokensPerBlock * totalBlocks : 0) : -1
    let first = this.#waiters[0]
    for (const waiter of this.#waiters) if (place(waiter) < place(first!)) first = waiter
    return first
  }

  /** One who waits below its share has a session of who holds most, and more than a share, make room. */
  async #claimShare({ driver, tokens, held }: Waiter): Promise<void> {
    const { tokensPerBlock, totalBlocks } = this.#engine.kv()
    const drivers = new Set([...this.#holdings.values(), ...this.#waiters].map(claim => claim.driver))
    const share = (tokensPerBlock * totalBlocks) / drivers.size
    const more = tokens - (held === undefined ? 0 : (this.#holdings.get(held)?.tokens ?? 0))
    if (this.#heldBy(driver) + more > share) return
    let greediest: string | undefined
    for (const other of drivers)
      if (this.#heldBy(other) > share && (greediest === undefined || this.#heldBy(other) > this.#heldBy(greediest)))
        greediest = other
    if (greediest !== undefined && greediest !== driver) await this.#events.preempt(greediest)
  }

  #heldBy(driver: string): number {
    let tokens = 0
    for (const holding of this.#holdings.values()) if (holding.driver === driver) tokens += holding.tokens
    return tokens
  }

  #busy(why: string, tokens: number, self?: Waiter): BusyError {
    const before = this.#waiters.reduce((sum, waiter) => sum + (waiter === self ? 0 : waiter.tokens), 0)
    return new BusyError(why, { retryAfterMs: this.#turnover.waitMs(before + tokens) })
  }
}
