/**
 * A channel over one libp2p stream: frames in length prefixes, over blocks with a window of their own (block-stream.ts), a
 * bounded send queue (send-queue.ts), an end that tells "finished" from "vanished", and errors as Shoal names them.
 */
import type { Stream } from '@libp2p/interface'
import { decode as splitFrames } from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { Uint8ArrayList } from 'uint8arraylist'
import { DeadlineError, InvalidFrameError, PeerLostError, ShoalError } from '../errors.ts'
import { BlockParser, encodeVarint, WINDOW_BYTES } from './block-stream.ts'
import { BulkGate } from './bulk-gate.ts'
import { BULK_BLOCK_BYTES } from './bulk-window.ts'
import type { Channel, Protocol } from './channel.ts'
import { FIRST_FRAME_MS, MIN_BYTES_PER_SECOND, SLOW_GRACE_MS } from './limits.ts'
import type { Offence } from './offences.ts'
import { SendQueue } from './send-queue.ts'

/** Longest that `close` may take to hand everything queued to the transport. */
const CLOSE_MS = 5_000

/** After our end, how long the other side may still send: a hop's last answers, not a forgotten stream. */
export const LINGER_MS = 30_000

/** Longest that the two sides' libp2p closing may take once both have ended. */
const STREAM_CLOSE_MS = 2_000

/** Credit is given back for each block of bulk: the sender learns from it how fast the link carries them off. */
const CREDIT_STEP = BULK_BLOCK_BYTES

export interface ChannelOptions {
  /** Told once, when the other side breaks the protocol or sends too slowly. */
  onOffence?: (offence: Offence) => void
  /** The other side opened it, so the first frame is due from there. */
  inbound?: boolean
  /** Default: those of limits.ts. */
  pace?: Pace
  /** Of the connection, which other channels share. Default: one for this channel. */
  gate?: BulkGate | undefined
}

export interface Pace {
  firstFrameMs: number
  graceMs: number
  bytesPerSecond: number
}

const PACE: Pace = { firstFrameMs: FIRST_FRAME_MS, graceMs: SLOW_GRACE_MS, bytesPerSecond: MIN_BYTES_PER_SECOND }

export class Libp2pChannel<Frame> implements Channel<Frame> {
  readonly remotePeer: string
  readonly closed: Promise<void>

  readonly #stream: Stream
  readonly #protocol: Protocol<Frame>
  readonly #resolveClosed: () => void
  #over = false
  #failure: Error | undefined

  // Outgoing.
  readonly #queue: SendQueue
  #pumping = false
  #awaitingDrain = false
  #ending = false
  #endSent = false
  #flushed: (() => void) | undefined

  // Incoming.
  #received = new Uint8ArrayList()
  /** Data bytes received that the sender has not been given credit for. */
  #uncredited = 0
  /** Of those, the ones read: credit to give. */
  #creditDue = 0
  /** Credit is given once so much is due. */
  #creditAt = CREDIT_STEP
  #remoteEnded = false
  #readerTaken = false
  #wakeReader: (() => void) | undefined
  #linger: ReturnType<typeof setTimeout> | undefined

  // Of the frame that is coming.
  readonly #pace: Pace
  readonly #onOffence: (offence: Offence) => void
  #offended = false
  #firstFrame: ReturnType<typeof setTimeout> | undefined
  #handedOn = 0
  #framed = 0
  #waitedMs = 0

  constructor(stream: Stream, remotePeer: string, protocol: Protocol<Frame>, options: ChannelOptions = {}) {
    const { onOffence = () => {}, inbound = false, pace = PACE, gate = new BulkGate() } = options
    this.#queue = new SendQueue(gate, protocol.id, () => this.#pump())
    this.#pace = pace
    this.#onOffence = onOffence
    if (inbound) this.#firstFrame = setTimeout(() => this.#late(`no frame within ${pace.firstFrameMs} ms`), pace.firstFrameMs)
    this.remotePeer = remotePeer
    this.#stream = stream
    this.#protocol = protocol
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#resolveClosed = resolve
    const parser = new BlockParser({
      data: bytes => this.#onData(bytes),
      credit: bytes => this.#onCredit(bytes),
      end: () => this.#onRemoteEnd()
    })
    stream.addEventListener('message', event => {
      if (this.#over) return
      try {
        for (const bytes of event.data instanceof Uint8ArrayList ? event.data : [event.data]) parser.push(bytes)
      } catch (error) {
        this.#fail(error as Error)
      }
    })
    // A stream may be over, or its last bytes unread, before this listens: bytes first, they may hold the end marker.
    const onStreamEnd = (cause: unknown) =>
      setTimeout(() => {
        if (!this.#remoteEnded || stream.status !== 'open') this.#onStreamGone(cause)
      }, 0)
    stream.addEventListener('close', event => onStreamEnd(event.error))
    stream.addEventListener('remoteCloseWrite', () => onStreamEnd(undefined))
    if (stream.status !== 'open' || stream.remoteWriteStatus === 'closed') onStreamEnd(undefined)
  }

  async send(frame: Frame, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#failure !== undefined) throw this.#lost('the channel is reset', this.#failure)
    if (this.#ending || this.#over) throw this.#lost('the channel is closed')
    const bytes = this.#protocol.encode(frame)
    if (bytes.byteLength > this.#protocol.maxFrameBytes)
      throw new InvalidFrameError(
        `${this.#protocol.id}: frame of ${bytes.byteLength} bytes, at most ${this.#protocol.maxFrameBytes} allowed`
      )
    const placed = this.#queue.push(bytes, this.#protocol.haste?.(frame), signal)
    this.#pump()
    await placed
  }

  frames(): AsyncIterable<Frame> {
    if (this.#readerTaken) throw new Error('A channel has one reader')
    this.#readerTaken = true
    const { decode, isUnknown, haste, id, maxFrameBytes } = this.#protocol
    const fail = (error: unknown) => this.#fail(asFrameError(error, id))
    const frameCame = (bytes: number) => this.#frameCame(bytes)
    const creditNow = () => this.#creditNow()
    return pipe(
      this.#bytes(),
      source => splitFrames(source, { maxDataLength: maxFrameBytes }),
      async function* (source) {
        let refused: unknown
        try {
          for await (const bytes of source) {
            frameCame(bytes.byteLength)
            let frame: Frame
            try {
              frame = decode(plain(bytes.subarray()))
            } catch (error) {
              refused = error
              break
            }
            // The last bytes of one are no whole block, and nothing need follow them.
            if (haste?.(frame) === 'bulk') creditNow()
            if (!isUnknown?.(frame)) yield frame
          }
        } catch (error) {
          throw fail(error)
        }
        // The stream itself is sound, so the reader may still say why it ends.
        if (refused !== undefined) throw asFrameError(refused, id)
      }
    )
  }

  async close(): Promise<void> {
    if (this.#over || this.#endSent) return
    if (!this.#ending) {
      this.#ending = true
      this.#pump()
    }
    if (this.#endSent || this.#over) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const earlier = this.#flushed
    this.#flushed = () => {
      earlier?.()
      resolve()
    }
    const timer = setTimeout(() => this.abort(this.#lost(`nothing taken for ${CLOSE_MS} ms while closing`)), CLOSE_MS)
    await Promise.race([promise, this.closed])
    clearTimeout(timer)
  }

  abort(reason: Error): void {
    this.#received = new Uint8ArrayList()
    this.#fail(reason)
  }

  #onData(bytes: Uint8Array): void {
    this.#uncredited += bytes.byteLength
    if (this.#uncredited > WINDOW_BYTES)
      throw new InvalidFrameError(`${this.#protocol.id}: ${this.#uncredited} bytes in flight, window is ${WINDOW_BYTES}`)
    // Copied, since the transport's buffer may be a small part of a large one; by constructor, since Buffer.slice() is a view.
    this.#received.append(new Uint8Array(bytes))
    this.#wakeReader?.()
  }

  #onCredit(bytes: number): void {
    this.#queue.credit(bytes)
    this.#pump()
  }

  #onRemoteEnd(): void {
    this.#remoteEnded = true
    this.#wakeReader?.()
    this.#finishWhenBothEnded()
  }

  /** Moves what may move now: credit first, then data within the window, then the end marker. */
  #pump(): void {
    if (this.#pumping || this.#over) return
    this.#pumping = true
    try {
      while (!this.#over) {
        if (this.#stream.writableNeedsDrain) {
          // Stream.onDrain() resolves at once after the first drain (@libp2p/utils 7.4.1): the event is what tells.
          this.#pumpOnDrain()
          return
        }
        if (!this.#sendNextBlock()) return
      }
    } catch (error) {
      this.#fail(this.#lost('the stream takes no more', error))
    } finally {
      this.#pumping = false
    }
  }

  #pumpOnDrain(): void {
    if (this.#awaitingDrain) return
    this.#awaitingDrain = true
    const onDrain = () => {
      this.#awaitingDrain = false
      this.#pump()
    }
    this.#stream.addEventListener('drain', onDrain, { once: true })
  }

  #sendNextBlock(): boolean {
    if (this.#creditDue >= this.#creditAt) {
      const credit = this.#creditDue
      this.#creditDue = 0
      this.#creditAt = CREDIT_STEP
      this.#uncredited -= credit
      this.#stream.send(new Uint8ArrayList(encodeVarint(0), encodeVarint(credit)))
      return true
    }
    const block = this.#queue.next()
    if (block !== undefined) {
      this.#stream.send(block)
      return true
    }
    if (this.#ending && !this.#endSent && this.#queue.empty) {
      this.#endSent = true
      this.#stream.send(new Uint8ArrayList(encodeVarint(0), encodeVarint(0)))
      this.#flushed?.()
      if (!this.#remoteEnded)
        this.#linger = setTimeout(() => this.abort(this.#lost(`not closed ${LINGER_MS} ms after we closed`)), LINGER_MS)
      this.#finishWhenBothEnded()
      return true
    }
    return false
  }

  async *#bytes(): AsyncGenerator<Uint8ArrayList> {
    for (;;) {
      if (this.#received.byteLength > 0) {
        const chunk = this.#received
        this.#received = new Uint8ArrayList()
        this.#creditDue += chunk.byteLength
        this.#handedOn += chunk.byteLength
        this.#pump()
        yield chunk
      } else if (this.#failure !== undefined) throw this.#failure
      else if (this.#remoteEnded) return
      else await this.#moreBytes()
    }
  }

  #creditNow(): void {
    if (this.#creditDue === 0) return
    this.#creditAt = 1
    this.#pump()
  }

  /** Waits for the sender; a frame that has begun must come at a pace. */
  async #moreBytes(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wakeReader = resolve
    const begun = this.#handedOn - this.#framed
    if (begun === 0) return promise
    const { graceMs, bytesPerSecond } = this.#pace
    const leftMs = graceMs + (begun / bytesPerSecond) * 1_000 - this.#waitedMs
    const since = performance.now()
    const timer = setTimeout(() => this.#late(`${begun} bytes of a frame, and the rest does not come`), leftMs)
    await promise
    clearTimeout(timer)
    this.#waitedMs += performance.now() - since
  }

  #frameCame(bytes: number): void {
    clearTimeout(this.#firstFrame)
    // A length written longer than need be counts as begun, which only its sender suffers from.
    this.#framed += encodeVarint(bytes).byteLength + bytes
    this.#waitedMs = 0
  }

  #late(what: string): void {
    this.#offend('slow')
    this.#fail(new DeadlineError(`${this.#protocol.id} from ${this.remotePeer}: ${what}`, { peer: this.remotePeer }))
  }

  #offend(offence: Offence): void {
    if (this.#offended) return
    this.#offended = true
    this.#onOffence(offence)
  }

  #finishWhenBothEnded(): void {
    if (!this.#endSent || !this.#remoteEnded || this.#over) return
    this.#finish()
    this.#stream
      .close({ signal: AbortSignal.timeout(STREAM_CLOSE_MS) })
      .catch(error => this.#stream.abort(error instanceof Error ? error : this.#lost('the stream did not close', error)))
  }

  #onStreamGone(cause: unknown): void {
    if (!this.#over) this.#fail(this.#lost('the stream is gone', cause))
  }

  /** Resets both sides; the reader sees the error that Shoal knows it by. Returns that error. */
  #fail(reason: Error): Error {
    if (this.#over) return this.#failure ?? reason
    const failure = reason instanceof ShoalError ? reason : this.#lost('the channel was reset', reason)
    this.#failure = failure
    if (failure instanceof InvalidFrameError) this.#offend('malformed')
    this.#finish()
    if (this.#stream.status === 'open' || this.#stream.status === 'closing') this.#stream.abort(reason)
    return failure
  }

  #finish(): void {
    this.#over = true
    this.#queue.drop(() => this.#lost('the channel was reset', this.#failure))
    clearTimeout(this.#linger)
    clearTimeout(this.#firstFrame)
    this.#flushed?.()
    this.#wakeReader?.()
    this.#resolveClosed()
  }

  /** An interrupted write may reject with a DOM Event instead of an Error, hence the loose cause. */
  #lost(what: string, cause?: unknown): PeerLostError {
    const why = cause instanceof Error && !(cause instanceof PeerLostError) ? ` (${cause.message})` : ''
    return new PeerLostError(`${this.#protocol.id} to ${this.remotePeer}: ${what}${why}`, { peer: this.remotePeer }, { cause })
  }
}

/** The same bytes, never as a Buffer, whose slice() is a view into a pool where a Uint8Array's is a copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** it-length-prefixed's and protobuf's own errors are the sender's fault. */
function asFrameError(error: unknown, protocolId: string): Error {
  if (error instanceof ShoalError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new InvalidFrameError(`${protocolId}: ${message}`, {}, { cause: error })
}
