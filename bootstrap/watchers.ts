/**
 * Who wants to hear that a peer has gone. A directory node sees at once when a leaf's socket closes; a driver whose chain
 * runs through it over WebRTC would see nothing for seconds. What is told is a hint: the driver asks the hop itself.
 */
import { BusyError, InvalidFrameError } from '../peer/errors.ts'
import { freshAllowance, type Pace, spend } from '../peer/swarm/allowance.ts'
import type { Channel } from '../peer/wire/channel.ts'
import type { Clock } from '../peer/wire/clock.ts'
import type { DirectoryFrame, Watch } from '../peer/wire/frames.pb.js'
import { Outbox } from '../peer/wire/outbox.ts'

/** Watches a stream may send: clients put changes of half a second together. */
const WATCHES: Pace = { burst: 16, perSecond: 4 }

/** Hints waiting for a watcher that does not read; further ones are dropped. */
const MAX_QUEUED = 64

export class Watchers {
  readonly #clock: Clock
  /** By the peer watched. */
  readonly #outboxes = new Map<string, Set<Outbox<DirectoryFrame>>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Peers that somebody watches. */
  get size(): number {
    return this.#outboxes.size
  }

  gone(peer: string): void {
    for (const outbox of this.#outboxes.get(peer) ?? []) outbox.push({ gone: { peer } })
  }

  /** Serves a stream that has begun with `first`; `isGone` says of a peer that it went a moment ago. */
  async serve(
    channel: Channel<DirectoryFrame>,
    first: Watch,
    rest: AsyncIterator<DirectoryFrame>,
    isGone: (peer: string) => boolean
  ): Promise<void> {
    const outbox = new Outbox(channel, MAX_QUEUED, () => {})
    let watched: readonly string[] = []
    let allowance = freshAllowance(WATCHES, this.#clock.now())
    try {
      for (let watch: Watch | undefined = first; watch !== undefined; ) {
        const left = spend(allowance, 1, this.#clock.now(), WATCHES)
        if (left === undefined) throw new BusyError(`More than ${WATCHES.perSecond} watches a second`)
        allowance = left
        const before = new Set(watched)
        this.#forget(outbox, watched)
        watched = watch.peers
        this.#add(outbox, watched)
        for (const peer of watched) if (!before.has(peer) && isGone(peer)) outbox.push({ gone: { peer } })
        const { value, done } = await rest.next()
        if (!done && value.watch === undefined) throw new InvalidFrameError('DirectoryFrame: another watch expected')
        watch = done ? undefined : value.watch
      }
    } finally {
      this.#forget(outbox, watched)
      void outbox.end(this.#clock)
    }
  }

  #add(outbox: Outbox<DirectoryFrame>, peers: readonly string[]): void {
    for (const peer of peers) {
      const outboxes = this.#outboxes.get(peer) ?? new Set()
      outboxes.add(outbox)
      this.#outboxes.set(peer, outboxes)
    }
  }

  #forget(outbox: Outbox<DirectoryFrame>, peers: readonly string[]): void {
    for (const peer of peers) {
      const outboxes = this.#outboxes.get(peer)
      outboxes?.delete(outbox)
      if (outboxes?.size === 0) this.#outboxes.delete(peer)
    }
  }
}
