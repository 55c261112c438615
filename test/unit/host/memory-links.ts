/**
 * Peers in one process joined by channels of bytes, with faults on demand: a fate function says for each frame whether it
 * is dropped, delayed, doubled, overtaken or replaced; links can be cut, and peers killed, frozen, resumed and slowed to a
 * crawl at any frame.
 */
import { PeerLostError } from '../../../peer/errors.ts'
import type { Channel, Links, Protocol } from '../../../peer/wire/channel.ts'
import { type Clock, raceSignal, sleep, within } from '../../../peer/wire/clock.ts'
import { STREAM_MS } from '../../../peer/wire/limits.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** Frames one direction of a channel holds before its sender waits. */
const CAPACITY = 16

export interface Passing {
  from: string
  to: string
  protocol: string
  /** Counts all frames of the network, from 0. */
  index: number
  bytes: Uint8Array
}

/** One copy of a frame that will arrive; no copy at all is a dropped frame. */
export interface Delivery {
  /** More than the frames behind it: they overtake it. */
  delayMs?: number
  /** As long as the frames behind it too: they keep their order. */
  heldMs?: number
  bytes?: Uint8Array
}

export type Fate = (passing: Passing) => readonly Delivery[]

const faithful: Fate = () => [{}]

/** What a frozen peer will do once it is resumed, or its death makes void. */
interface Freeze {
  due: (() => void)[]
  over: Promise<void>
}

type Handler = (channel: Channel<unknown>) => Promise<void>

export class MemoryNetwork {
  readonly #clock: VirtualClock
  readonly #handlers = new Map<string, Map<string, Handler>>()
  readonly #channels = new Set<End<unknown>>()
  readonly #refused = new Set<string>()
  readonly #freezes = new Map<string, Freeze>()
  readonly #paces = new Map<string, number>()
  /** Errors that handlers threw: a channel was reset for each. */
  readonly handlerErrors: unknown[] = []
  fate: Fate = faithful
  /** Seen before a frame meets its fate; tests kill peers here. */
  onFrame: (passing: Passing) => void = () => {}
  frames = 0

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  peer(self: string): Links {
    this.#handlers.set(self, new Map())
    return {
      self,
      addresses: () => [`/memory/${self}`],
      dial: async (peer, _addresses, protocol, signal) => {
        await tick(this.#clock)
        await this.awake(self, signal)
        await this.#negotiate(self, peer, signal)
        signal?.throwIfAborted()
        const handler = this.#handlers.get(peer)?.get(protocol.id)
        if (!this.#handlers.has(self) || handler === undefined || this.#refused.has(`${self}>${peer} ${protocol.id}`)) {
          throw new PeerLostError(`no way to ${peer}`, { peer })
        }
        const [near, far] = this.#join(self, peer, protocol)
        // As the libp2p node does: a channel ends with its handler.
        handler(far as Channel<unknown>).then(
          () => far.close(),
          error => {
            this.handlerErrors.push(error)
            far.abort(error)
          }
        )
        return near
      },
      handle: (protocol, handler) => {
        this.#handlers.get(self)?.set(protocol.id, handler as Handler)
        return () => this.#handlers.get(self)?.delete(protocol.id)
      }
    }
  }

  /** A peer's own view of the clock: while it is frozen none of its timers fires. */
  clockOf(peer: string): Clock {
    return {
      now: this.#clock.now,
      after: (ms, fire) => {
        let forgotten = false
        const forget = this.#clock.after(ms, () =>
          this.whenAwake(peer, () => {
            if (!forgotten) fire()
          })
        )
        return () => {
          forgotten = true
          forget()
        }
      }
    }
  }

  /** As SIGKILL: every channel of the peer is reset and nobody reaches it again. */
  kill(peer: string): void {
    this.#handlers.delete(peer)
    for (const end of [...this.#channels]) {
      const dying = end.localPeer === peer ? end : end.remotePeer === peer ? end.other : undefined
      dying?.reset(new PeerLostError(`${peer} was killed`, { peer }))
    }
    this.resume(peer)
  }

  /** As SIGSTOP: the peer reads, sends, dials and times nothing; channels to it stand and fill. */
  freeze(peer: string): void {
    if (this.#freezes.has(peer) || !this.#handlers.has(peer)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#freezes.set(peer, { due: [resolve], over: promise })
  }

  /** As SIGCONT: what fell due meanwhile happens now, timers before frames. */
  resume(peer: string): void {
    const due = this.#freezes.get(peer)?.due ?? []
    this.#freezes.delete(peer)
    if (due.length > 0) this.#clock.active()
    for (const act of due) act()
  }

  /** Now, or when the peer is resumed. */
  whenAwake(peer: string, act: () => void): void {
    const freeze = this.#freezes.get(peer)
    if (freeze === undefined) act()
    else freeze.due.push(act)
  }

  isFrozen(peer: string): boolean {
    return this.#freezes.has(peer)
  }

  /** Resolves when the peer runs, or is dead. @throws the signal's reason */
  async awake(peer: string, signal?: AbortSignal): Promise<void> {
    for (let freeze = this.#freezes.get(peer); freeze !== undefined; freeze = this.#freezes.get(peer))
      await (signal === undefined ? freeze.over : raceSignal(freeze.over, signal))
  }

  /** From now on every frame to or from the peer takes `msPerFrame`, one after the other. */
  crawl(peer: string, msPerFrame: number): void {
    this.#paces.set(peer, msPerFrame)
  }

  /** What a frame from one peer to the other takes, in ms. */
  pace(from: string, to: string): number {
    return Math.max(this.#paces.get(from) ?? 0, this.#paces.get(to) ?? 0)
  }

  /** Resets the channels between two peers; new ones may be opened. */
  cut(a: string, b: string, protocol?: string): void {
    for (const end of [...this.#channels]) {
      const between = (end.localPeer === a && end.remotePeer === b) || (end.localPeer === b && end.remotePeer === a)
      if (between && (protocol === undefined || end.protocol === protocol)) end.reset(new PeerLostError(`${a}–${b} was cut`))
    }
  }

  /** Dials of this protocol from one peer to the other fail from now on. */
  refuse(from: string, to: string, protocol: string): void {
    this.#refused.add(`${from}>${to} ${protocol}`)
  }

  /** Ends of channels that are not over, as "peer > peer protocol". */
  get open(): string[] {
    return [...this.#channels].map(end => `${end.localPeer} > ${end.remotePeer} ${end.protocol}`)
  }

  /** A frozen peer never answers; who has a connection to it finds out in a while, as the libp2p node does. */
  async #negotiate(self: string, peer: string, signal: AbortSignal | undefined): Promise<void> {
    const connected = [...this.#channels].some(end => end.localPeer === self && end.remotePeer === peer)
    if (!connected) return await this.awake(peer, signal)
    await within(this.clockOf(self), STREAM_MS, `a stream to ${peer}`, signal, limit => this.awake(peer, limit))
  }

  #join<Frame>(a: string, b: string, protocol: Protocol<Frame>): [End<Frame>, End<Frame>] {
    const forget = (end: End<Frame>) => this.#channels.delete(end as End<unknown>)
    const near = new End(a, b, protocol, this.#clock, this, forget)
    const far = new End(b, a, protocol, this.#clock, this, forget)
    near.other = far
    far.other = near
    this.#channels.add(near as End<unknown>)
    this.#channels.add(far as End<unknown>)
    return [near, far]
  }
}

class End<Frame> implements Channel<Frame> {
  readonly localPeer: string
  readonly remotePeer: string
  readonly protocol: string
  readonly closed: Promise<void>
  other: End<Frame> | undefined
  readonly #protocol: Protocol<Frame>
  readonly #clock: VirtualClock
  readonly #network: MemoryNetwork
  readonly #forget: (end: End<Frame>) => void
  readonly #inbox: Uint8Array[] = []
  #resolveClosed: () => void = () => {}
  #wake: (() => void)[] = []
  /** Frames sent and not yet in the other's inbox. */
  #underway = 0
  /** When the last frame that keeps its order arrives. */
  #lastArrival = 0
  #localEnded = false
  #remoteEnded = false
  #broken: Error | undefined

  constructor(
    localPeer: string,
    remotePeer: string,
    protocol: Protocol<Frame>,
    clock: VirtualClock,
    network: MemoryNetwork,
    forget: (end: End<Frame>) => void
  ) {
    this.localPeer = localPeer
    this.remotePeer = remotePeer
    this.protocol = protocol.id
    this.#protocol = protocol
    this.#clock = clock
    this.#network = network
    this.#forget = forget
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve
    })
  }

  async send(frame: Frame, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#network.isFrozen(this.localPeer)) await this.#network.awake(this.localPeer, signal)
    if (this.#broken !== undefined || this.#localEnded) throw new PeerLostError('the channel is over', { peer: this.remotePeer })
    const bytes = this.#protocol.encode(frame)
    if (bytes.length > this.#protocol.maxFrameBytes) throw new Error(`frame of ${bytes.length} bytes`)
    const passing = { from: this.localPeer, to: this.remotePeer, protocol: this.protocol, index: this.#network.frames++, bytes }
    this.#network.onFrame(passing)
    const other = this.other!
    for (const { delayMs = 0, heldMs = 0, bytes: replaced = bytes } of this.#network.fate(passing)) {
      this.#underway++
      const arrive = () => {
        this.#underway--
        other.#arrive(replaced)
      }
      const waitMs = delayMs > 0 ? delayMs : this.#inOrder(heldMs + this.#network.pace(this.localPeer, this.remotePeer))
      if (waitMs > 0) this.#clock.after(waitMs, arrive)
      else void tick(this.#clock).then(arrive)
    }
    while (other.#inbox.length + this.#underway >= CAPACITY && this.#broken === undefined) await other.#change()
  }

  /** What a frame that takes `ms` waits, given those before it. */
  #inOrder(ms: number): number {
    const now = this.#clock.now()
    this.#lastArrival = Math.max(now, this.#lastArrival) + ms
    return this.#lastArrival - now
  }

  async *frames(): AsyncIterable<Frame> {
    for (;;) {
      if (this.#network.isFrozen(this.localPeer)) await this.#network.awake(this.localPeer)
      if (this.#broken !== undefined) throw this.#broken
      const bytes = this.#inbox.shift()
      if (bytes !== undefined) {
        this.#changed()
        const frame = this.#protocol.decode(bytes)
        if (!this.#protocol.isUnknown?.(frame)) yield frame
      } else if (this.#remoteEnded) return
      else await this.#change()
    }
  }

  async close(): Promise<void> {
    if (this.#localEnded || this.#broken !== undefined) return
    this.#localEnded = true
    await tick(this.#clock)
    if (this.#network.isFrozen(this.localPeer)) await this.#network.awake(this.localPeer)
    // The end comes behind the frames.
    const waitMs = this.#inOrder(0)
    if (waitMs > 0) await sleep(this.#clock, waitMs)
    this.other!.#remoteEnd()
    this.#finish()
  }

  abort(reason: Error): void {
    if (this.#broken !== undefined) return
    this.#clock.active()
    this.#break(reason)
    this.#network.whenAwake(this.localPeer, () => this.#breakOther())
  }

  /** Both ends at once, whether or not the peers run. */
  reset(reason: Error): void {
    this.#clock.active()
    this.#break(reason)
    this.#breakOther()
  }

  #breakOther(): void {
    this.other!.#break(new PeerLostError(`reset by ${this.localPeer}`, { peer: this.localPeer }))
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#broken === undefined && !this.#remoteEnded) {
      this.#clock.active()
      this.#inbox.push(bytes)
    }
    this.#changed()
  }

  #remoteEnd(): void {
    this.#remoteEnded = true
    this.#changed()
    this.#finish()
  }

  #break(reason: Error): void {
    if (this.#broken !== undefined) return
    this.#broken = reason
    this.#inbox.length = 0
    this.#changed()
    this.#forget(this)
    this.#network.whenAwake(this.localPeer, this.#resolveClosed)
  }

  #finish(): void {
    if (!this.#localEnded || !this.#remoteEnded) return
    this.#forget(this)
    this.#network.whenAwake(this.localPeer, this.#resolveClosed)
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  #change(): Promise<void> {
    return new Promise(resolve => this.#wake.push(resolve))
  }
}

async function tick(clock: VirtualClock): Promise<void> {
  clock.active()
  await new Promise(resolve => setImmediate(resolve))
  clock.active()
}
