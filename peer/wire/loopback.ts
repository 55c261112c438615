/**
 * Lets a peer be its own neighbour: libp2p does not dial itself, yet a peer that hosts a span also drives sessions, and its
 * own hop may be the best there is. Frames are encoded and checked as on any other way.
 */
import { PeerLostError } from '../errors.ts'
import type { Channel, Links, Protocol } from './channel.ts'

/** Frames one direction holds before its sender waits, as a connection's buffers do. */
const CAPACITY = 64

type Handler = (channel: Channel<unknown>) => Promise<void>

/** The same links, which also reach `links.self`. */
export function withLoopback<L extends Links>(links: L): L {
  const handlers = new Map<string, Handler>()
  const dial: Links['dial'] = async (peer, addresses, protocol, signal) => {
    if (peer !== links.self) return links.dial(peer, addresses, protocol, signal)
    signal?.throwIfAborted()
    const handler = handlers.get(protocol.id)
    if (handler === undefined) throw new PeerLostError(`this peer does not serve ${protocol.id}`, { peer })
    const near = new LoopbackEnd(peer, protocol)
    const far = new LoopbackEnd(peer, protocol)
    near.join(far)
    far.join(near)
    handler(far as Channel<unknown>).then(
      () => far.close(),
      error => far.abort(error instanceof Error ? error : new Error(String(error)))
    )
    return near
  }
  const handle: Links['handle'] = (protocol, handler) => {
    handlers.set(protocol.id, handler as Handler)
    const stop = links.handle(protocol, handler)
    return () => {
      handlers.delete(protocol.id)
      stop()
    }
  }
  return { ...links, dial, handle }
}

class LoopbackEnd<Frame> implements Channel<Frame> {
  readonly remotePeer: string
  readonly closed: Promise<void>
  readonly #protocol: Protocol<Frame>
  readonly #inbox: Uint8Array[] = []
  #other: LoopbackEnd<Frame> | undefined
  #resolveClosed: () => void = () => {}
  #waiting: (() => void)[] = []
  #localEnded = false
  #remoteEnded = false
  #broken: Error | undefined

  constructor(peer: string, protocol: Protocol<Frame>) {
    this.remotePeer = peer
    this.#protocol = protocol
    this.closed = new Promise(resolve => {
      this.#resolveClosed = resolve
    })
  }

  join(other: LoopbackEnd<Frame>): void {
    this.#other = other
  }

  async send(frame: Frame, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const other = this.#other
    if (other === undefined || this.#localEnded || this.#broken !== undefined) {
      throw new PeerLostError('the channel is over', { peer: this.remotePeer })
    }
    other.#inbox.push(this.#protocol.encode(frame))
    other.#changed()
    while (other.#inbox.length >= CAPACITY && this.#broken === undefined) await other.#change(signal)
  }

  async *frames(): AsyncIterable<Frame> {
    for (;;) {
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
    this.#other!.#remoteEnded = true
    this.#other!.#changed()
    this.#settle()
    this.#other!.#settle()
  }

  abort(reason: Error): void {
    this.#break(reason)
    const other = this.#other
    if (other !== undefined) other.#break(new PeerLostError('the channel was reset', { peer: this.remotePeer }))
  }

  #break(reason: Error): void {
    if (this.#broken !== undefined) return
    this.#broken = reason
    this.#inbox.length = 0
    this.#changed()
    this.#resolveClosed()
  }

  #settle(): void {
    if (this.#localEnded && this.#remoteEnded) this.#resolveClosed()
  }

  #changed(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }
}
