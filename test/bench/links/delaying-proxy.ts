/**
 * A TCP proxy whose bytes arrive later by a fixed time each way, and no faster than a link of a given rate lets them: a link
 * of any length and width between processes of one machine.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What a router holds of a direction before its sender has to wait: the sender's own buffers fill behind it. */
const BUFFER_BYTES = 64 * 1024
/** Bytes leave in pieces of about two packets, as they would on a wire. */
const PIECE_BYTES = 3_000

export interface DelayingProxy {
  port: number
  /** Where connections go from now on. */
  target: number
  /** One way, of bytes that come from now on. */
  delayMs: number
  /** Each way and connection, of bytes that come from now on. */
  bytesPerSecond: number
  close: () => Promise<void>
}

/** On loopback, as wide as that is. `target` is to be set before anybody connects. */
export async function startDelayingProxy(): Promise<DelayingProxy> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true, allowHalfOpen: true }, near => {
    const far = connect({ port: proxy.target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    for (const [from, to] of [
      [near, far],
      [far, near]
    ] as const) {
      sockets.add(from)
      const way = new Way(proxy, from)
      from.on('data', bytes => way.carry(bytes, piece => to.destroyed || to.write(piece)))
      from.on('end', () => way.after(() => to.end()))
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        way.after(() => to.destroy())
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: DelayingProxy = {
    port: (server.address() as AddressInfo).port,
    target: 0,
    delayMs: 0,
    bytesPerSecond: Number.POSITIVE_INFINITY,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    }
  }
  return proxy
}

/** One direction of one connection. */
class Way {
  readonly #link: Pick<DelayingProxy, 'delayMs' | 'bytesPerSecond'>
  readonly #from: Socket
  readonly #due: { at: number; act: () => void }[] = []
  #freeAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(link: Pick<DelayingProxy, 'delayMs' | 'bytesPerSecond'>, from: Socket) {
    this.#link = link
    this.#from = from
  }

  carry(bytes: Buffer, write: (piece: Buffer) => void): void {
    const pieces = Number.isFinite(this.#link.bytesPerSecond) ? PIECE_BYTES : bytes.byteLength
    for (let from = 0; from < bytes.byteLength; from += pieces) {
      const piece = bytes.subarray(from, from + pieces)
      this.#add(piece.byteLength, () => write(piece))
    }
  }

  /** Behind all that came before. */
  after(act: () => void): void {
    this.#add(0, act)
  }

  #add(bytes: number, act: () => void): void {
    const now = performance.now()
    this.#freeAt = Math.max(now, this.#freeAt) + (1_000 * bytes) / this.#link.bytesPerSecond
    this.#due.push({ at: this.#freeAt + this.#link.delayMs, act })
    if (this.#held(now) > BUFFER_BYTES) this.#from.pause()
    this.#timer ??= setTimeout(() => this.#pass(), this.#due[0]!.at - now)
  }

  #pass(): void {
    this.#timer = undefined
    const now = performance.now()
    while (this.#due[0] !== undefined && this.#due[0].at <= now + 0.5) this.#due.shift()!.act()
    if (this.#held(now) <= BUFFER_BYTES) this.#from.resume()
    if (this.#due[0] !== undefined) this.#timer = setTimeout(() => this.#pass(), Math.max(0, this.#due[0].at - now))
  }

  /** Bytes that have come and not left on the link. */
  #held(now: number): number {
    return Math.max(0, this.#freeAt - now) * (Math.min(this.#link.bytesPerSecond, Number.MAX_SAFE_INTEGER) / 1_000)
  }
}
