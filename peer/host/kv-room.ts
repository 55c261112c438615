/**
 * The line for KV: opens that find no room wait here in order of arrival, for a limited time and in limited number, and
 * are served as sessions end.
 */
import type { SequenceId, SpanEngine } from '../engine/engine.ts'
import { BusyError, type ShoalError, toShoalError } from '../errors.ts'
import type { Clock } from '../wire/clock.ts'
import { BUSY_RETRY_MS, MAX_KV_WAITERS } from './limits.ts'

interface Waiter {
  tokens: number
  give: (sequence: SequenceId) => void
  refuse: (reason: ShoalError) => void
}

export class KvRoom {
  readonly #engine: SpanEngine
  readonly #clock: Clock
  readonly #waiters: Waiter[] = []
  readonly #yieldOne: () => Promise<boolean>
  #serving = false

  /** `yieldOne`: frees some KV that is held for want of a better use, or tells that there is none. */
  constructor(engine: SpanEngine, clock: Clock, yieldOne: () => Promise<boolean> = async () => false) {
    this.#engine = engine
    this.#clock = clock
    this.#yieldOne = yieldOne
  }

  /**
   * Reserves KV for `tokens` positions, waiting up to `waitMs` for others to leave.
   * @throws BusyError after that, at once when it could never fit or the line is full; the signal's reason when it aborts
   */
  async take(tokens: number, waitMs: number, signal: AbortSignal): Promise<SequenceId> {
    signal.throwIfAborted()
    const { tokensPerBlock, totalBlocks } = this.#engine.kv()
    if (Math.ceil(tokens / tokensPerBlock) > totalBlocks) {
      throw new BusyError(`${tokens} positions exceed this peer's KV of ${totalBlocks * tokensPerBlock}`, {
        retryAfterMs: 60_000
      })
    }
    if (this.#waiters.length >= MAX_KV_WAITERS) throw busy('the line for KV is full')
    return new Promise((resolve, reject) => {
      const settle = () => {
        const at = this.#waiters.indexOf(waiter)
        if (at >= 0) this.#waiters.splice(at, 1)
        forget()
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        tokens,
        give: sequence => {
          settle()
          resolve(sequence)
        },
        refuse: reason => {
          settle()
          reject(reason)
        }
      }
      const onAbort = () => waiter.refuse(toShoalError(signal.reason))
      // Even an open that won't wait may be first in line, so it gets one turn before it is refused.
      const forget = waitMs > 0 ? this.#clock.after(waitMs, () => waiter.refuse(busy(`no KV for ${tokens} positions`))) : () => {}
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiters.push(waiter)
      void this.#serve().then(() => {
        if (waitMs <= 0 && this.#waiters.includes(waiter)) waiter.refuse(busy(`no KV for ${tokens} positions`))
      })
    })
  }

  /** KV that nobody waits for, at once or not at all. @throws BusyError */
  async takeSpare(tokens: number): Promise<SequenceId> {
    if (this.#waiters.length > 0) throw busy('others wait for KV')
    return this.#engine.reserve(tokens)
  }

  /** Gives KV back and serves whoever waits for it. Never rejects: a lost engine has nothing left to free. */
  async give(sequence: SequenceId): Promise<void> {
    await this.#engine.release(sequence).catch(() => {})
    await this.#serve()
  }

  async #reserve(tokens: number): Promise<SequenceId> {
    for (;;) {
      try {
        return await this.#engine.reserve(tokens)
      } catch (thrown) {
        if (!(thrown instanceof BusyError) || !(await this.#yieldOne())) throw thrown
      }
    }
  }

  async #serve(): Promise<void> {
    if (this.#serving) return
    this.#serving = true
    try {
      for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
        const sequence = await this.#reserve(first.tokens)
        // It may have left the line while the engine answered.
        if (this.#waiters.includes(first)) first.give(sequence)
        else await this.#engine.release(sequence)
      }
    } catch (thrown) {
      // No room: the line stands until somebody leaves or its time is up. Anything else refuses the first in line.
      if (!(thrown instanceof BusyError)) this.#waiters[0]?.refuse(toShoalError(thrown))
    } finally {
      this.#serving = false
    }
  }
}

function busy(why: string): BusyError {
  return new BusyError(why, { retryAfterMs: BUSY_RETRY_MS })
}
