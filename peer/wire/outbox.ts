/**
 * A bounded queue in front of a channel, so that whoever reads one channel never waits on writing another: a slow
 * neighbour fills its own outbox and nothing else.
 */
import { PeerLostError, type ShoalError, toShoalError } from '../errors.ts'
import type { Channel } from './channel.ts'
import { type Clock, within } from './clock.ts'

/** How long the other side gets to read what is queued and end too, before the channel is reset. */
const END_MS = 3_000

export class Outbox<Frame> {
  readonly channel: Channel<Frame>
  readonly #limit: number
  readonly #onLost: (error: ShoalError) => void
  readonly #queue: Frame[] = []
  #pumping: Promise<void> | undefined
  #over = false

  /** `onLost` is told once when the channel stops taking frames although nobody ended the outbox. */
  constructor(channel: Channel<Frame>, limit: number, onLost: (error: ShoalError) => void) {
    this.channel = channel
    this.#limit = limit
    this.#onLost = onLost
  }

  get over(): boolean {
    return this.#over
  }

  get queued(): number {
    return this.#queue.length
  }

  /** False when the outbox is full or over: the frame is not taken. */
  push(frame: Frame): boolean {
    if (this.#over || this.#queue.length >= this.#limit) return false
    this.#queue.push(frame)
    this.#pumping ??= this.#pump()
    return true
  }

  /** Puts the frame in place of the newest queued one when `supersedes` says so of it, so that running totals never pile up. */
  pushLatest(frame: Frame, supersedes: (queued: Frame) => boolean): boolean {
    const last = this.#queue.length - 1
    if (!this.#over && last >= 0 && supersedes(this.#queue[last]!)) {
      this.#queue[last] = frame
      return true
    }
    return this.push(frame)
  }

  /**
   * Sends what is queued, ends our side and waits for the other to end too: true when it did. Never rejects; an other side
   * that does not end in time is reset, since streams left half open add up.
   */
  async end(clock: Clock): Promise<boolean> {
    if (this.#over) return false
    this.#over = true
    try {
      await within(clock, END_MS, 'ending a channel', undefined, async () => {
        await this.#pumping
        await this.channel.close()
        await this.channel.closed
      })
      return true
    } catch (thrown) {
      this.channel.abort(toShoalError(thrown))
      return false
    }
  }

  /** Drops what is queued and resets the channel. */
  abort(reason: ShoalError): void {
    this.#over = true
    this.#queue.length = 0
    this.channel.abort(reason)
  }

  async #pump(): Promise<void> {
    try {
      for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) await this.channel.send(frame)
    } catch (thrown) {
      this.#queue.length = 0
      const ended = this.#over
      this.#over = true
      if (!ended) this.#onLost(lost(this.channel.remotePeer, thrown))
    } finally {
      this.#pumping = undefined
    }
    if (this.#queue.length > 0) this.#pumping = this.#pump()
  }
}

function lost(peer: string, thrown: unknown): ShoalError {
  const error = toShoalError(thrown)
  return error instanceof PeerLostError
    ? error
    : new PeerLostError(`sending to ${peer} failed: ${error.message}`, { peer }, { cause: thrown })
}
