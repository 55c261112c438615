/**
 * A span engine on the other side of a message port: in the page the engine lives in a dedicated worker while libp2p and
 * sessions stay on the main thread. `serveEngine` answers, `connectEngine` asks; both have the engine's own face.
 */
import { DeviceLostError, errorFromCode, InternalError, type ShoalErrorDetails, toShoalError } from '../errors.ts'
import type { EngineShape, KvState, SequenceOutput, SequenceStep, SpanEngine } from './engine.ts'

/** What MessagePort, Worker and DedicatedWorkerGlobalScope have in common. */
export interface EnginePort {
  postMessage: (message: unknown, transfer: Transferable[]) => void
  addEventListener: (type: 'message' | 'messageerror' | 'close', listener: (event: { data?: unknown }) => void) => void
  removeEventListener: (type: 'message' | 'messageerror' | 'close', listener: (event: { data?: unknown }) => void) => void
  /** Of a MessagePort: messages wait until it is called. */
  start?: () => void
}

interface WireError {
  code: string
  message: string
  details: ShoalErrorDetails
}

type Call =
  | { method: 'hello' }
  | { method: 'reserve'; tokens: number }
  | { method: 'extend'; sequence: number; tokens: number }
  | { method: 'release'; sequence: number }
  | { method: 'run'; steps: readonly SequenceStep[] }
  | { method: 'logits'; sequence: number; row: number }
  | { method: 'readKv'; sequence: number; from: number; to: number }
  | { method: 'writeKv'; sequence: number; from: number; bytes: Uint8Array<ArrayBuffer> }
  | { method: 'close' }
/** A request carries a number that its answer repeats. */
type Request = { id: number; call: Call }
/** `kv` is the state after the call: `kv()` answers at once, so the other side keeps the latest. */
type Reply = { id: number; kv: KvState } & ({ value: unknown } | { error: WireError })
type Message = Reply | { lost: WireError }

const toWire = (thrown: unknown): WireError => {
  const { code, message, details } = toShoalError(thrown)
  return { code, message, details }
}
const fromWire = ({ code, message, details }: WireError) => errorFromCode(code, message, details)

/** Answers requests that come through `port` until the engine is closed or the returned function is called, which leaves the engine open. */
export function serveEngine(engine: SpanEngine, port: EnginePort): () => void {
  const answer = async (call: Call): Promise<unknown> => {
    switch (call.method) {
      case 'hello':
        return engine.shape
      case 'reserve':
        return engine.reserve(call.tokens)
      case 'extend':
        return engine.extend(call.sequence, call.tokens)
      case 'release':
        return engine.release(call.sequence)
      case 'run':
        return engine.run(call.steps)
      case 'logits':
        return engine.logits(call.sequence, call.row)
      case 'readKv':
        return engine.readKv(call.sequence, call.from, call.to)
      case 'writeKv':
        return engine.writeKv(call.sequence, call.from, call.bytes)
      case 'close':
        return engine.close()
    }
  }
  const onMessage = ({ data }: { data?: unknown }) => {
    const { id, call } = data as Request
    void answer(call)
      .then(
        value => post({ id, kv: engine.kv(), value }, buffersOf(value)),
        (thrown: unknown) => post({ id, kv: engine.kv(), error: toWire(thrown) }, [])
      )
      .finally(() => call.method === 'close' && stop())
  }
  const post = (message: Message, transfer: Transferable[]) => port.postMessage(message, transfer)
  const stop = () => port.removeEventListener('message', onMessage)
  port.addEventListener('message', onMessage)
  port.start?.()
  void engine.lost.then(reason => post({ lost: toWire(reason) }, []))
  return stop
}

export interface ConnectOptions {
  /** Tells that nobody answers any more, e.g. that the worker ended: all that waits fails with DeviceLostError. */
  signal?: AbortSignal
}

/**
 * The engine that is served at the other end of `port`. Inputs are copied, outputs are transferred.
 * @throws what the engine throws, by code; DeviceLostError when the port closes
 */
export async function connectEngine(port: EnginePort, { signal }: ConnectOptions = {}): Promise<SpanEngine> {
  const remote = new RemoteEngine(port, signal)
  await remote.greet()
  return remote
}

class RemoteEngine implements SpanEngine {
  readonly lost: Promise<DeviceLostError>
  readonly #port: EnginePort
  readonly #signal: AbortSignal | undefined
  readonly #resolveLost: (reason: DeviceLostError) => void
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (reason: Error) => void }>()
  #shape: EngineShape | undefined
  #kv: KvState = { tokensPerBlock: 1, totalBlocks: 0, freeBlocks: 0 }
  #next = 0
  #gone: DeviceLostError | undefined

  constructor(port: EnginePort, signal: AbortSignal | undefined) {
    const { promise, resolve } = Promise.withResolvers<DeviceLostError>()
    this.lost = promise
    this.#resolveLost = resolve
    this.#port = port
    this.#signal = signal
    port.addEventListener('message', this.#onMessage)
    port.addEventListener('messageerror', this.#onGone)
    port.addEventListener('close', this.#onGone)
    port.start?.()
    signal?.addEventListener('abort', this.#onGone)
    if (signal?.aborted) this.#onGone()
  }

  get shape(): EngineShape {
    if (this.#shape === undefined) throw new InternalError('The engine has not answered yet')
    return this.#shape
  }

  async greet(): Promise<void> {
    this.#shape = (await this.#call({ method: 'hello' })) as EngineShape
  }

  kv(): KvState {
    return this.#kv
  }

  async reserve(tokens: number): Promise<number> {
    return (await this.#call({ method: 'reserve', tokens })) as number
  }

  async extend(sequence: number, tokens: number): Promise<void> {
    await this.#call({ method: 'extend', sequence, tokens })
  }

  async release(sequence: number): Promise<void> {
    await this.#call({ method: 'release', sequence })
  }

  async run(steps: readonly SequenceStep[]): Promise<SequenceOutput[]> {
    return (await this.#call({ method: 'run', steps })) as SequenceOutput[]
  }

  async logits(sequence: number, row: number): Promise<Float32Array> {
    return (await this.#call({ method: 'logits', sequence, row })) as Float32Array
  }

  async readKv(sequence: number, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#call({ method: 'readKv', sequence, from, to })) as Uint8Array<ArrayBuffer>
  }

  async writeKv(sequence: number, from: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#call({ method: 'writeKv', sequence, from, bytes })
  }

  async close(): Promise<void> {
    if (this.#gone !== undefined) return
    await this.#call({ method: 'close' })
    this.#leave(new DeviceLostError('The engine was closed'))
  }

  #call(call: Call): Promise<unknown> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone)
    const id = this.#next++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, { resolve, reject })
    try {
      this.#port.postMessage({ id, call } satisfies Request, [])
    } catch (error) {
      this.#waiting.delete(id)
      reject(toShoalError(error))
    }
    return promise
  }

  readonly #onMessage = ({ data }: { data?: unknown }) => {
    const message = data as Message
    if ('lost' in message) {
      const { message: words, details } = message.lost
      this.#resolveLost(new DeviceLostError(words, details))
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    this.#kv = message.kv
    if ('error' in message) waiting?.reject(fromWire(message.error))
    else waiting?.resolve(message.value)
  }

  readonly #onGone = () => {
    if (this.#gone !== undefined) return
    const reason = new DeviceLostError('The engine’s worker no longer answers')
    this.#leave(reason)
    this.#resolveLost(reason)
  }

  #leave(reason: DeviceLostError): void {
    this.#gone = reason
    this.#port.removeEventListener('message', this.#onMessage)
    this.#port.removeEventListener('messageerror', this.#onGone)
    this.#port.removeEventListener('close', this.#onGone)
    this.#signal?.removeEventListener('abort', this.#onGone)
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }
}

/** The buffers of an answer, each once; the engine made them for it and keeps none. */
function buffersOf(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  const collect = (part: unknown) => {
    if (ArrayBuffer.isView(part)) {
      if (part.buffer instanceof ArrayBuffer) found.add(part.buffer)
    } else if (Array.isArray(part)) part.forEach(collect)
    else if (typeof part === 'object' && part !== null) Object.values(part).forEach(collect)
  }
  collect(value)
  return [...found]
}
